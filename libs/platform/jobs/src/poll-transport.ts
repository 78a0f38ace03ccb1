import { Inject, Injectable } from '@nestjs/common';
import { TaskRunner } from './task-runner.js';
import type { Room, WorkRef, WorkTransport } from './work-transport.js';

/**
 * The way without Redis: each worker asks PostgreSQL for as much as it has free slots and gives it to itself. Rows are taken
 * with SKIP LOCKED, so workers do not meet.
 */
@Injectable()
export class PollTransport implements WorkTransport {
  constructor(@Inject(TaskRunner) private readonly runner: TaskRunner) {}

  room(): Promise<Room> {
    return Promise.resolve({ all: this.runner.freeSlots, urgent: 0 });
  }

  offer(ref: WorkRef): Promise<void> {
    void this.runner.deliver(ref);
    return Promise.resolve();
  }
}
