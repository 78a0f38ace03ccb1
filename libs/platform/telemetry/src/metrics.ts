import { collectDefaultMetrics, Counter, Gauge, Histogram, type OpenMetricsContentType, Registry } from 'prom-client';

type MetricType = keyof typeof ENDING;

/** A gauge that is read when metrics are: sets the values of now. */
export type GaugeReader<L extends string> = (gauge: Gauge<L>) => void | Promise<void>;

/** Buckets in seconds; 0.2, 1, 2 and 5 are edges of the service goals. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30];
const NAME = /^(?:app|http|db|messaging)(?:_[a-z][a-z0-9]*)+$/;
const ENDING = { counter: /_total$/, histogram: /_(?:seconds|bytes|rows|ratio)$/, gauge: /(?<!_total)$/ };
/** A label with a value per tenant, user, key or request would make a series of each. */
const UNBOUNDED_LABEL = /tenant|_id$|Id$/;

/** OpenMetrics, because Prometheus takes exemplars in no other text. */
const registry = new Registry<OpenMetricsContentType>();
registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
const declared = new Map<string, { signature: string; metric: unknown }>();

/** A counter, `app_<thing>_<unit>_total`. Declaring the same again answers the same. */
export function counter<L extends string = never>(
  name: string,
  help: string,
  labelNames: readonly L[] = [],
): Counter<L> {
  return declare('counter', name, labelNames, () => new Counter<L>({ name, help, labelNames, registers: [registry] }));
}

/** A histogram, `app_<thing>_seconds` or `_bytes`; buckets are for seconds unless given. */
export function histogram<L extends string = never>(
  name: string,
  help: string,
  labelNames: readonly L[] = [],
  buckets: readonly number[] = SECONDS,
): Histogram<L> {
  const config = { name, help, labelNames, buckets: [...buckets], registers: [registry] };
  return declare('histogram', name, labelNames, () => new Histogram<L>(config));
}

/** A histogram of seconds whose buckets name a trace to look at (exemplars, which change how prom-client observes). */
export function tracedHistogram<L extends string>(
  name: string,
  help: string,
  labelNames: readonly L[],
): (labels: Record<L, string | number>, seconds: number, traceId: string | undefined) => void {
  const config = { name, help, labelNames, buckets: SECONDS, enableExemplars: true, registers: [registry] };
  const made = declare('histogram', name, labelNames, () => new Histogram<string>(config));
  return (labels, value, traceId) =>
    made.observe({ labels, value, exemplarLabels: traceId === undefined ? {} : { trace_id: traceId } });
}

/** A gauge; with a reader its values are set when metrics are read, and a later reader takes the earlier one's place. */
export function gauge<L extends string = never>(
  name: string,
  help: string,
  labelNames: readonly L[] = [],
  reader?: GaugeReader<L>,
): Gauge<L> {
  const made = declare(
    'gauge',
    name,
    labelNames,
    () => new Gauge<L>({ name, help, labelNames, registers: [registry] }),
  );
  return reader === undefined ? made : Object.assign(made, { collect: () => reader(made) });
}

/** Starts the metrics of process, event loop and garbage collection. */
export function startProcessMetrics(): void {
  if (registry.getSingleMetric('process_cpu_seconds_total') === undefined)
    collectDefaultMetrics({ register: registry });
}

/** All metrics as the admin port answers them. */
export async function renderMetrics(): Promise<{ contentType: string; body: string }> {
  return { contentType: registry.contentType, body: await registry.metrics() };
}

/** Sets every metric back to its start: for tests. */
export function resetMetrics(): void {
  registry.resetMetrics();
}

function declare<M>(type: MetricType, name: string, labelNames: readonly string[], make: () => M): M {
  const signature = `${type}(${labelNames.join()})`;
  const known = declared.get(name);
  if (known?.signature === signature) return known.metric as M;
  if (known !== undefined) throw new Error(`metric ${name} is ${known.signature} elsewhere and ${signature} here`);
  if (!NAME.test(name) || !ENDING[type].test(name)) throw new Error(`${name} is no name for a ${type}`);
  const unbounded = labelNames.find((label) => UNBOUNDED_LABEL.test(label));
  if (unbounded !== undefined) throw new Error(`label ${unbounded} of ${name} has no bound`);
  const metric = make();
  declared.set(name, { signature, metric });
  return metric;
}
