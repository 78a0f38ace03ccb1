import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventCatalogue } from '../../dist/apps/api/src/event-wire.js';
import { apiSchema } from '../../dist/apps/api/src/config.js';
import '../../dist/apps/api/src/api.module.js';
import { workerSchema } from '../../dist/apps/worker/src/config.js';
import '../../dist/apps/worker/src/worker.module.js';
import { eventTypes, jsonSchemaOf } from '../../dist/libs/platform/eventing/src/index.js';
import { configurationPage } from '../../dist/libs/platform/config/src/index.js';
import { declaredErrors, PROBLEMS } from '../../dist/libs/platform/kernel/src/index.js';
import { writeEventReleases } from './event-releases.mjs';
import { eventsPage } from './events-page.mjs';
import { problemsPage } from './problems-page.mjs';

const [folder] = process.argv.slice(2);

const apps = [
  { app: 'api', schema: apiSchema },
  { app: 'worker', schema: workerSchema },
];
writeFileSync(join(folder, 'configuration.md'), configurationPage(apps));
// Loading both apps has declared every code there is.
writeFileSync(join(folder, 'problems.md'), problemsPage(PROBLEMS, declaredErrors()));
writeFileSync(join(folder, 'events.md'), eventsPage(eventCatalogue()));
const events = eventTypes.all().map((definition) => ({ ...definition, schema: jsonSchemaOf(definition) }));
writeEventReleases(join(folder, 'events'), events);
process.exit(0);
