import { enter } from './lib/entry.mjs';

enter(() => import('./lib/openapi-main.mjs'));
