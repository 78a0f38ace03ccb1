import { guard } from './kit.js';

/** The tables of one read model of a projection. */
export interface ReadModel {
  /** `schema.name` of the view; the tables are `<name>_a` and `<name>_b`. */
  readonly name: string;
  /** Name of the projection that fills it. */
  readonly projection: string;
  /** Columns and constraints beside `tenant_id uuid not null`; the primary key begins with `tenant_id`. */
  readonly columns: string;
  /** It is kept by an inline projection: the api writes it in the transaction of the events. */
  readonly inline?: boolean;
}

/**
 * Two tables and a view over the one that the projection's live build writes: a rebuild fills the other and the view turns to
 * it when the build goes live.
 */
export function readModel({ name, projection, columns, inline = false }: ReadModel): string[] {
  const tables = ['a', 'b'].map((slot) => `${name}_${slot}`);
  const all = 'select, insert, update, delete';
  const shown = ['a', 'b'].map(
    (slot) => `select * from ${name}_${slot} where (select es.live_slot('${projection}')) = '${slot}'`,
  );
  return [
    ...tables.flatMap((table) => [
      `create table ${table} (tenant_id uuid not null, ${columns})`,
      ...guard(table, { app_rt: inline ? all : 'select', app_ro: 'select', app_worker: all }),
    ]),
    `create view ${name} with (security_invoker = true) as ${shown.join(' union all ')}`,
    `grant select on ${name} to app_rt, app_ro, app_worker`,
  ];
}
