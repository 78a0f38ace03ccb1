import { Injectable } from '@nestjs/common';
import { newUuid } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import { ApiKey, type ApiKeyFacts } from '../entities/api-key.entity.js';
import { newKeyToken } from './key-token.js';
import { SecretHash } from './secret-hash.js';

/** Makes keys: the only place where a secret exists before it is handed to the caller. */
@Injectable()
export class ApiKeyMint {
  constructor(
    private readonly work: UnitOfWork,
    private readonly hash: SecretHash,
  ) {}

  /** Writes a new key in the open unit and answers it with its token. */
  async make(facts: Omit<ApiKeyFacts, 'id' | 'keyId' | 'secretHash'>): Promise<{ apiKey: ApiKey; token: string }> {
    const unit = this.work.current();
    const { token, keyId } = newKeyToken(facts.mode);
    const apiKey = new ApiKey({ ...facts, id: newUuid(), keyId, secretHash: this.hash.of(token) });
    unit.em.persist(apiKey);
    await unit.flush();
    await unit.run('insert into identity.credential_index (tenant_id, key_id) values ($1, $2)', [
      facts.tenantId,
      keyId,
    ]);
    return { apiKey, token };
  }
}
