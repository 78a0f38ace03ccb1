import { enter } from './lib/entry.mjs';

enter(() => import('./lib/launcher.mjs'));
