import { AsyncLocalStorage } from 'node:async_hooks';
import { TaskRunner } from '../../../dist/libs/platform/jobs/src/task-runner.js';
import { TaskStore } from '../../../dist/libs/platform/jobs/src/task-store.js';

const now = () => performance.timeOrigin + performance.now();

/**
 * Notes every turn of this worker: `{ tenantId, jobId, kind, from, to }`, in ms since the epoch, from when it got its slot to when it
 * gave the slot back. The engine itself keeps only when a task ended.
 * @returns takes what was noted since it was last asked
 */
export function noteTurns(module) {
  const turns = [];
  const delivery = new AsyncLocalStorage();
  const runner = module.get(TaskRunner, { strict: false });
  const store = module.get(TaskStore, { strict: false });
  const deliver = runner.deliver.bind(runner);
  const claim = store.claim.bind(store);
  runner.deliver = async (data) => {
    const turn = {};
    await delivery.run(turn, () => deliver(data));
    if (turn.kind) turns.push({ ...turn, to: now() });
  };
  store.claim = async (ref, holder) => {
    const from = now();
    const task = await claim(ref, holder);
    if (task)
      Object.assign(delivery.getStore(), { tenantId: task.tenantId, jobId: task.parentId, kind: task.kind, from });
    return task;
  };
  return () => turns.splice(0);
}
