/** What travels through a queue: never the work, only where it is recorded. */
export interface WorkRef {
  readonly tenantId: string;
  readonly taskId: string;
  /** The hand-over this belongs to; an older one is void. */
  readonly dispatchNo: number;
}

/** Takes a delivery, whatever is in it; resolves when it has been dealt with. */
export type Consumer = (data: unknown) => Promise<void>;

/** What a transport takes. */
export interface Room {
  readonly all: number;
  readonly urgent: number;
}

/** A way from the dispatcher to a worker. It may lose, repeat and reorder what it carries: PostgreSQL holds the truth. */
export interface WorkTransport {
  /** How many refs it takes now, and how many more of those that go before all others. */
  room(): Promise<Room>;
  /** Hands over one ref; an urgent one goes before those that wait. @throws Error when that did not work, or may not have worked */
  offer(ref: WorkRef, urgent: boolean): Promise<void>;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** The ref in what a queue delivered, or undefined when it is none: whoever can write to the queue can write anything. */
export function parseWorkRef(data: unknown): WorkRef | undefined {
  if (typeof data !== 'object' || data === null) return undefined;
  const { tenantId, taskId, dispatchNo } = data as Record<string, unknown>;
  if (!isUuid(tenantId) || !isUuid(taskId)) return undefined;
  if (typeof dispatchNo !== 'number' || !Number.isSafeInteger(dispatchNo) || dispatchNo < 1) return undefined;
  return { tenantId, taskId, dispatchNo };
}

const isUuid = (value: unknown): value is string => typeof value === 'string' && UUID.test(value);
