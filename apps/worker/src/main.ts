import { flushCompileCache } from 'node:module';
import { NestFactory } from '@nestjs/core';
import { drainOnSignal, HealthService, startAdminServer } from '#platform/health';
import { JobsRunner } from '#platform/jobs';
import { createLogger, startProcessMetrics, startTracing } from '#platform/telemetry';
import { workerConfig } from './config.js';
import { WorkerModule } from './worker.module.js';

/** Running tasks may take this long to end after SIGTERM; the process leaves at the second number whatever hangs. */
const DRAIN_MS = 25_000;
const HARD_EXIT_MS = 28_000;

async function start(): Promise<void> {
  const config = workerConfig();
  const logger = createLogger({ service: 'worker', level: config.LOG_LEVEL });
  const stopTracing = await startTracing({
    serviceName: 'recrate-worker',
    otlpEndpoint: config.OTEL_EXPORTER_OTLP_ENDPOINT,
  });
  startProcessMetrics();
  const app = await NestFactory.createApplicationContext(WorkerModule.forRoot(config), { logger, abortOnError: false });
  const health = app.get(HealthService);
  const admin = await startAdminServer({ port: config.ADMIN_PORT, host: config.HOST, health });
  drainOnSignal({
    beginDrain: () => health.beginDrain(),
    close: async () => {
      await app.get(JobsRunner).drain(DRAIN_MS);
      await app.close();
      await stopTracing();
      await admin.close();
      await logger.flush();
    },
    hardExitMs: HARD_EXIT_MS,
  });
  logger.log({ msg: 'the worker runs', adminPort: admin.port });
  // Where NODE_COMPILE_CACHE names a folder: what was compiled serves the next start, however this process ends.
  flushCompileCache();
}

start().catch((error: unknown) => {
  process.stderr.write(`the worker cannot start: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
