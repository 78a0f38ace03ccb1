import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { ArrayType, BlobType } from '@mikro-orm/core';
import type { Mode, Permission } from '#platform/kernel';
import { type ApiKeyState, apiKeyState, assertApiKeyMay } from '../domain/api-key-lifecycle.js';

/** What is fixed when a key is made. */
export interface ApiKeyFacts {
  readonly tenantId: string;
  readonly id: string;
  /** The public part of the key, by which it is found. */
  readonly keyId: string;
  readonly name: string;
  readonly mode: Mode;
  readonly scopes: readonly Permission[];
  /** Addresses and networks it may be used from; none listed means from anywhere. */
  readonly allowedIps: readonly string[];
  readonly secretHash: Buffer;
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  /** The key it replaces. */
  readonly rotatedFrom: string | null;
}

/** An API key of a tenant. Its secret is not kept, only a keyed hash of it. */
@Entity({ schema: 'identity', tableName: 'api_key' })
export class ApiKey implements ApiKeyFacts {
  @PrimaryKey({ type: 'uuid' })
  readonly tenantId: string;

  @PrimaryKey({ type: 'uuid' })
  readonly id: string;

  @Property({ type: 'text' })
  readonly keyId: string;

  @Property({ type: 'text' })
  readonly name: string;

  @Property({ type: 'text' })
  readonly mode: Mode;

  @Property({ type: ArrayType })
  readonly scopes: Permission[];

  @Property({ type: ArrayType })
  readonly allowedIps: string[];

  @Property({ type: BlobType })
  readonly secretHash: Buffer;

  @Property({ type: 'datetime' })
  readonly createdAt: Date;

  @Property({ type: 'datetime', nullable: true })
  readonly expiresAt: Date | null;

  @Property({ type: 'uuid', nullable: true })
  readonly rotatedFrom: string | null;

  @Property({ type: 'uuid', nullable: true })
  rotatedTo: string | null = null;

  @Property({ type: 'datetime', nullable: true })
  rotatedAt: Date | null = null;

  @Property({ type: 'datetime', nullable: true })
  overlapUntil: Date | null = null;

  @Property({ type: 'datetime', nullable: true })
  revokedAt: Date | null = null;

  /** Minute of the last use; written by the activity writer, not through the entity. */
  @Property({ type: 'datetime', nullable: true })
  readonly lastUsedAt: Date | null = null;

  @Property({ type: 'integer' })
  version = 1;

  constructor(facts: ApiKeyFacts) {
    this.tenantId = facts.tenantId;
    this.id = facts.id;
    this.keyId = facts.keyId;
    this.name = facts.name;
    this.mode = facts.mode;
    this.scopes = [...facts.scopes];
    this.allowedIps = [...facts.allowedIps];
    this.secretHash = facts.secretHash;
    this.createdAt = facts.createdAt;
    this.expiresAt = facts.expiresAt;
    this.rotatedFrom = facts.rotatedFrom;
  }

  /** @param now the database's clock */
  stateAt(now: Date): ApiKeyState {
    return apiKeyState(this, now);
  }

  /** Hands over to another key; this one works until the overlap ends. @throws identity.key_transition */
  rotateTo(successor: string, overlapSeconds: number, now: Date): void {
    this.assertMayRotate(now);
    this.rotatedTo = successor;
    this.rotatedAt = now;
    this.overlapUntil = new Date(now.getTime() + overlapSeconds * 1_000);
    this.version += 1;
  }

  /** @throws identity.key_transition when the key cannot be rotated: to know it before a successor is made */
  assertMayRotate(now: Date): void {
    assertApiKeyMay(this.stateAt(now), 'rotate');
  }

  /** Ends the key for ever. @throws identity.key_transition */
  revoke(now: Date): void {
    assertApiKeyMay(this.stateAt(now), 'revoke');
    this.revokedAt = now;
    this.version += 1;
  }
}
