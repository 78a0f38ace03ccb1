import { describeStore } from '../../testing/contract.js';
import { openPostgresStore } from '../../testing/postgres.js';

describeStore('PostgreSQL', openPostgresStore);
