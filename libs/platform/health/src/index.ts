export { startAdminServer } from './admin-server.js';
export type { AdminServer, AdminServerOptions } from './admin-server.js';
export { drainOnSignal } from './drain.js';
export type { DrainPlan } from './drain.js';
export { HealthModule } from './health.module.js';
export type { HealthAsyncOptions } from './health.module.js';
export type { Check, HealthChecks, HealthOptions, HealthReport, PartState } from './health.options.js';
export { HealthService } from './health.service.js';
