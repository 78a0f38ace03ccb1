import { Injectable, type OnApplicationBootstrap, RequestMethod } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { DiscoveryService, MetadataScanner, Reflector } from '@nestjs/core';
import { STREAMED } from '../body/streamed-body.js';
import { IDEMPOTENCY } from '../idempotency/idempotency-key.js';
import { type Access, ACCESS } from './access.decorators.js';

/** A route and what it asks of its caller. */
export interface CensusRow {
  readonly method: string;
  readonly path: string;
  readonly handler: string;
  readonly access: Access | undefined;
  /** Needs an Idempotency-Key. */
  readonly movesMoney: boolean;
  /** Reads its body itself, by a protocol of its own. */
  readonly streamed: boolean;
}

/** Every route of the app with its access. The app refuses to start when one has none. */
@Injectable()
export class RouteCensus implements OnApplicationBootstrap {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly reflector: Reflector,
  ) {}

  /** Routes of all controllers, in order of discovery. */
  rows(): CensusRow[] {
    return this.discovery.getControllers().flatMap(({ instance, metatype }) => {
      if (!instance || !metatype) return [];
      const prototype = Object.getPrototypeOf(instance) as object;
      return this.scanner.getAllMethodNames(prototype).flatMap((name) => this.row(prototype, metatype, name));
    });
  }

  onApplicationBootstrap(): void {
    const open = this.rows().filter((row) => !row.access);
    if (open.length === 0) return;
    const names = open.map((row) => `${row.method} ${row.path} (${row.handler})`).join(', ');
    throw new Error(`routes without @Public(), @AnyCaller() or a permission: ${names}`);
  }

  private row(prototype: object, controller: object, name: string): CensusRow[] {
    const handler = Reflect.get(prototype, name) as object;
    const method = Reflect.getMetadata(METHOD_METADATA, handler) as RequestMethod | undefined;
    if (method === undefined) return [];
    const path = [controller, handler].map((part) => String(Reflect.getMetadata(PATH_METADATA, part) ?? '')).join('/');
    const access = this.reflector.getAllAndOverride<Access | undefined>(ACCESS, [
      handler as () => void,
      controller as () => void,
    ]);
    const className = prototype.constructor.name;
    return [
      {
        method: RequestMethod[method],
        path: path.replace(/\/+/g, '/'),
        handler: `${className}.${name}`,
        access,
        movesMoney: this.reflector.get<unknown>(IDEMPOTENCY, handler as () => void) === 'money',
        streamed: this.reflector.get<unknown>(STREAMED, handler as () => void) === true,
      },
    ];
  }
}
