import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import type { FastifyRequest } from 'fastify';
import { type OperatorActor, operatorActor } from '#platform/kernel';
import { BearerHeader } from './bearer.js';
import { credentialInvalid } from './credential.service.js';
import { digestOf, sameDigest } from './secret-hash.js';

/** The operator's credential. Digests are compared, so neither length nor place of a difference shows in the time taken. */
export class OperatorToken {
  private readonly digest: Buffer;

  constructor(token: string) {
    this.digest = digestOf(token);
  }

  matches(token: string): boolean {
    return sameDigest(digestOf(token), this.digest);
  }
}

/** Passport's strategy `operator`: the platform's operator with `Authorization: Bearer op_...`. */
@Injectable()
export class OperatorStrategy extends PassportStrategy(BearerHeader, 'operator') {
  constructor(private readonly operator: OperatorToken) {
    super();
  }

  /** @throws identity.credential_invalid */
  validate(_request: FastifyRequest, token: string): { readonly actor: OperatorActor } {
    if (!this.operator.matches(token)) throw credentialInvalid();
    return { actor: operatorActor() };
  }
}
