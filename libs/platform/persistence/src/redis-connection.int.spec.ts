import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { eventually, OwnRedis } from '../../../../test/support/redis-server.js';
import { RedisConnection } from './redis-connection.js';

describe('the connection to Redis', () => {
  let server: OwnRedis;
  let connection: RedisConnection;
  let lines: string[];

  beforeEach(async () => {
    lines = [];
    const note = (entry: { msg: string }): void => void lines.push(entry.msg);
    jest.spyOn(Logger.prototype, 'log').mockImplementation(note);
    jest.spyOn(Logger.prototype, 'warn').mockImplementation(note);
    server = await OwnRedis.create();
    connection = new RedisConnection({ url: server.url, connectionName: 'test' });
  });

  afterEach(async () => {
    connection.close();
    server.thaw();
    await server.remove();
    jest.restoreAllMocks();
  });

  it('is up once the start is over when Redis is there', async () => {
    await server.start();
    await connection.onModuleInit();
    expect(connection.isUp).toBe(true);
    await expect(connection.ping()).resolves.toBeUndefined();
  });

  it('starts without Redis, fails commands at once, and connects when Redis appears', async () => {
    await connection.onModuleInit();
    expect(connection.isUp).toBe(false);
    await expect(connection.client.get('x')).rejects.toThrow();
    await expect(connection.ping()).rejects.toThrow(/away/);
    await server.start();
    await eventually('the connection is up', () => connection.isUp);
  });

  it('says once that Redis went away and once that it is back', async () => {
    await server.start();
    await connection.onModuleInit();
    await server.kill();
    await eventually('the loss is seen', () => !connection.isUp);
    await new Promise((resolve) => setTimeout(resolve, 700));
    await server.start();
    await eventually('the connection is back', () => connection.isUp);
    expect(lines).toEqual(['Redis is up', 'Redis is away: going on without it', 'Redis is up']);
  });

  it('does not stall behind a frozen Redis', async () => {
    await server.start();
    await connection.onModuleInit();
    server.freeze();
    await expect(connection.client.get('x')).rejects.toThrow('Command timed out');
    await eventually('the frozen server counts as down', () => !connection.isUp);
    await expect(connection.client.get('x')).rejects.toThrow("Stream isn't writeable");
    server.thaw();
    await eventually('the connection is back', () => connection.isUp);
  });

  it('notices a frozen Redis without traffic', async () => {
    await server.start();
    await connection.onModuleInit();
    server.freeze();
    await eventually('the frozen server counts as down', () => !connection.isUp);
  });

  it('connects to nothing when no URL is given', async () => {
    const none = new RedisConnection({ connectionName: 'test' });
    await none.onModuleInit();
    expect(none.isUp).toBe(false);
    expect(() => none.client).toThrow('no Redis is configured');
    none.close();
  });
});
