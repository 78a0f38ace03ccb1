// A worker in a process of its own, for tests that kill or freeze it. Arguments: database URL, milliseconds a task takes.
import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { setTimeout as sleep } from 'node:timers/promises';
import { JobsModule, TaskHandler } from '#platform/jobs';
import { PersistenceModule, RedisModule } from '#platform/persistence';

const [url, taskMs] = process.argv.slice(2);

class Hold {
  async run(task) {
    process.stdout.write(`holding ${task.id}\n`);
    await sleep(Number(taskMs));
    return (unit) => unit.run('insert into probe.effect values ($1, $2, $3)', [task.tenantId, task.id, 'first holder']);
  }
}
TaskHandler({ kind: 'test.hold' })(Hold);
Injectable()(Hold);

class HoldModule {}
Module({
  imports: [
    PersistenceModule.forRoot({
      main: { url, max: 8 },
      applicationName: 'test-task-worker',
      statementTimeoutMs: 5_000,
      acquireTimeoutMs: 2_000,
      slowQueryMs: 10_000,
    }),
    RedisModule.forRoot({ connectionName: 'test-task-worker' }),
    JobsModule.forRoot({ concurrency: 1 }),
  ],
  providers: [Hold],
})(HoldModule);

const words = (line) => process.stdout.write(`${line.outcome ?? line.msg}\n`);
await NestFactory.createApplicationContext(HoldModule, {
  logger: { log: words, warn: words, error: words },
  abortOnError: false,
});
