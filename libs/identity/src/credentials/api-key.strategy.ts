import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import type { FastifyRequest } from 'fastify';
import { BearerHeader } from './bearer.js';
import type { AuthenticatedKey } from './credential.js';
import { CredentialService } from './credential.service.js';

/** Passport's strategy `api-key`: who calls with `Authorization: Bearer rk_...`. */
@Injectable()
export class ApiKeyStrategy extends PassportStrategy(BearerHeader, 'api-key') {
  constructor(private readonly credentials: CredentialService) {
    super();
  }

  /** @throws identity.credential_invalid, identity.tenant_suspended */
  validate(request: FastifyRequest, token: string): Promise<AuthenticatedKey> {
    return this.credentials.authenticate(token, request.ip);
  }
}
