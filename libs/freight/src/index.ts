export { FreightHttpModule, FreightWorkerModule } from './freight.module.js';
