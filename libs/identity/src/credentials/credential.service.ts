import { Injectable } from '@nestjs/common';
import type { DomainError } from '#platform/kernel';
import { identityErrors } from '../domain/identity.errors.js';
import { FreshCache } from '../fresh-cache.js';
import { LastUse } from '../usage/last-use.js';
import type { AuthenticatedKey, Credential } from './credential.js';
import { CredentialSource } from './credential-source.js';
import { keyIdOf } from './key-token.js';
import { sameDigest, SecretHash } from './secret-hash.js';

/** A revoked key, a suspended or a deleted tenant is refused everywhere within a second: this and the time of one reading. */
const TTL_MS = 800;
/** An unknown key becomes known to a process that has refused it before after this time. */
const MISS_TTL_MS = 250;
const MOST_KEYS = 10_000;
const MOST_MISSES = 1_000;
/** Compared where there is no key, so that an unknown key costs what a wrong secret costs. */
const NO_DIGEST = Buffer.alloc(32);

/** Tells who calls with an API key. */
@Injectable()
export class CredentialService {
  private readonly cache: FreshCache<Credential>;

  constructor(
    source: CredentialSource,
    private readonly hash: SecretHash,
    private readonly lastUse: LastUse,
  ) {
    const load = (keyId: string): Promise<Credential | undefined> => source.find(keyId);
    this.cache = new FreshCache({
      load,
      ttlMs: TTL_MS,
      missTtlMs: MISS_TTL_MS,
      most: MOST_KEYS,
      mostMisses: MOST_MISSES,
    });
  }

  /**
   * The caller behind a key, at most 800 ms old.
   * @param address the caller's IP address
   * @throws identity.credential_invalid whatever the reason; a wrong checksum costs no query
   * @throws identity.tenant_suspended for a good key of a suspended tenant
   * @throws database.unavailable, database.overloaded: then nothing is known of the key
   */
  async authenticate(token: string, address: string): Promise<AuthenticatedKey> {
    const keyId = keyIdOf(token);
    if (keyId === undefined) throw credentialInvalid();
    const credential = await this.cache.get(keyId);
    // The hash covers the whole key, its mode too.
    const isGenuine = sameDigest(this.hash.of(token), credential?.secretHash ?? NO_DIGEST);
    if (!credential || !isGenuine || !isUsable(credential, address)) throw credentialInvalid();
    if (credential.tenantState === 'suspended') {
      throw identityErrors.tenant_suspended('The store is suspended: none of its keys works until it is resumed.');
    }
    this.lastUse.touch(credential.actor);
    return credential;
  }

  /** A key has changed: this process looks at it again at once. */
  forgetKey(keyId: string): void {
    this.cache.forget(keyId);
  }

  /** A tenant has changed: this process looks at all its keys again at once. */
  forgetTenant(tenantId: string): void {
    this.cache.forgetWhere((credential) => credential.actor.tenantId === tenantId);
  }
}

/** The one refusal of every credential that does not work; it does not say why. */
export function credentialInvalid(): DomainError {
  return identityErrors.credential_invalid('The credential is not valid. Check the key, its expiry and its mode.');
}

function isUsable(credential: Credential, address: string): boolean {
  if (credential.tenantState === 'deleted') return false;
  return credential.usableUntil > performance.now() && credential.allows(address);
}
