import { flushCompileCache } from 'node:module';
import { drainOnSignal, HealthService, startAdminServer } from '#platform/health';
import { createServer } from '#platform/http';
import { createLogger, startProcessMetrics, startTracing } from '#platform/telemetry';
import { ApiModule } from './api.module.js';
import { apiConfig } from './config.js';
import { serveDocument } from './openapi.js';

/** After SIGTERM the api has 20 s to answer what is under way; whatever hangs is left at 25 s. */
const HARD_EXIT_MS = 25_000;

async function start(): Promise<void> {
  const config = apiConfig();
  const logger = createLogger({ service: 'api', level: config.LOG_LEVEL });
  const stopTracing = await startTracing({
    serviceName: 'recrate-api',
    otlpEndpoint: config.OTEL_EXPORTER_OTLP_ENDPOINT,
  });
  startProcessMetrics();
  const app = await createServer(ApiModule.forRoot(config), {
    logger,
    trustedProxies: config.TRUSTED_PROXIES,
    extend: serveDocument,
  });
  const health = app.get(HealthService);
  const admin = await startAdminServer({ port: config.ADMIN_PORT, host: config.HOST, health });
  drainOnSignal({
    beginDrain: () => health.beginDrain(),
    close: async () => {
      await app.close();
      await stopTracing();
      await admin.close();
      await logger.flush();
    },
    hardExitMs: HARD_EXIT_MS,
  });
  await app.listen({ port: config.PORT, host: config.HOST });
  logger.log({ msg: 'the api listens', url: await app.getUrl(), adminPort: admin.port });
  // Where NODE_COMPILE_CACHE names a folder: what was compiled serves the next start, however this process ends.
  flushCompileCache();
}

start().catch((error: unknown) => {
  process.stderr.write(`the api cannot start: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
