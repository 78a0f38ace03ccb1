import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { type Unit } from '#platform/persistence';
import { httpErrors } from '../http.errors.js';

/** An answer as it is kept and sent again, byte for byte. */
export interface StoredAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const KEPT = { ordinary: '24 hours', judged: '24 hours', money: '30 days' } as const;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Keeps answers of keyed requests, encrypted: an answer may hold a secret that is shown only to its caller. */
@Injectable()
export class AnswerStore {
  private readonly key: Buffer;

  /** @param secret the installation's secret; its loss makes kept answers unreadable, nothing else */
  constructor(secret: string) {
    this.key = Buffer.from(hkdfSync('sha256', secret, '', 'recrate idempotency answers', 32));
  }

  /**
   * Makes this unit the only one that runs the scope's effect, until it ends.
   * @throws http.idempotency_in_flight when another one runs it now
   */
  async claim(unit: Unit, scope: Buffer): Promise<void> {
    const lock = scope.readBigInt64BE(0);
    const [row] = await unit.rows<{ got: boolean }>('select pg_try_advisory_xact_lock($1) as got', [lock.toString()]);
    if (row?.got) return;
    throw httpErrors.idempotency_in_flight('A request with this Idempotency-Key is being answered.', {
      retryAfterSeconds: 1,
    });
  }

  /**
   * The kept answer, if there is one.
   * @param judged the handler tells what another request under the key means
   * @throws http.idempotency_key_reused when it answers another request
   */
  async find(unit: Unit, scope: Buffer, fingerprint: Buffer, judged: boolean): Promise<StoredAnswer | undefined> {
    const row = await unit.row<{ fingerprint: Buffer; answer: Buffer }>(
      'select fingerprint, answer from http.idempotency where tenant_id = $1 and scope = $2 and expires_at > clock_timestamp()',
      [unit.tenantId, scope],
    );
    if (!row) return undefined;
    if (row.fingerprint.equals(fingerprint)) return this.open(row.answer, scope);
    if (judged) return undefined;
    throw httpErrors.idempotency_key_reused('This Idempotency-Key was used for another request. Use a new key.');
  }

  /** Keeps the answer in the transaction of its effect. An expired answer of the same scope makes room. */
  async keep(
    unit: Unit,
    scope: Buffer,
    fingerprint: Buffer,
    answer: StoredAnswer,
    kind: keyof typeof KEPT,
  ): Promise<void> {
    await unit.run('delete from http.idempotency where tenant_id = $1 and scope = $2', [unit.tenantId, scope]);
    await unit.run(
      `insert into http.idempotency (tenant_id, scope, fingerprint, status, answer, expires_at)
       values ($1, $2, $3, $4, $5, clock_timestamp() + $6::interval)`,
      [unit.tenantId, scope, fingerprint, answer.status, this.seal(answer, scope), KEPT[kind]],
    );
  }

  private seal(answer: StoredAnswer, scope: Buffer): Buffer {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.key, nonce).setAAD(scope);
    const sealed = Buffer.concat([cipher.update(JSON.stringify(answer), 'utf8'), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), sealed]);
  }

  private open(sealed: Buffer, scope: Buffer): StoredAnswer {
    const nonce = sealed.subarray(0, NONCE_BYTES);
    const decipher = createDecipheriv('aes-256-gcm', this.key, nonce).setAAD(scope);
    decipher.setAuthTag(sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
    const text = Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]);
    return JSON.parse(text.toString('utf8')) as StoredAnswer;
  }
}
