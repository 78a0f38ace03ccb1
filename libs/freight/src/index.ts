export { FreightHttpModule, FreightWorkerModule } from './freight.module.js';
export { freightSettings } from './freight.settings.js';
