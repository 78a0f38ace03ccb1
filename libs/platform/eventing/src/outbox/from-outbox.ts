import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import type { Command } from '@nestjs/cqrs';
import { type Actor, type SystemActor, systemActor } from '#platform/kernel';
import { Bus, type Unit } from '#platform/persistence';
import { Processes, TIME_UP } from '../process/processes.js';

/** How a command is taken from the outbox. */
export interface FromOutboxOptions {
  /** `context.do-something`, for ever. */
  readonly command: string;
  /** Makes the command of a payload. @throws DomainError for a payload it does not take: the row is parked at once */
  readonly message: (
    actor: SystemActor,
    payload: Record<string, unknown>,
  ) => Command<unknown> & { readonly actor: Actor };
}

/** Lets the handler of a command take it from the outbox as well. Beside `@CommandHandler`. */
export const FromOutbox = DiscoveryService.createDecorator<FromOutboxOptions>();

/** The commands that this worker can take from the outbox. */
@Injectable()
export class OutboxCommands implements OnModuleInit {
  private readonly byName = new Map<string, FromOutboxOptions['message']>();

  constructor(
    @Inject(DiscoveryService) private readonly discovery: DiscoveryService,
    @Inject(Bus) private readonly bus: Bus,
    @Inject(Processes) private readonly processes: Processes,
  ) {}

  /** Finds the handlers. @throws Error when a command has two */
  onModuleInit(): void {
    for (const wrapper of this.discovery.getProviders({ metadataKey: FromOutbox.KEY })) {
      const options = this.discovery.getMetadataByDecorator(FromOutbox, wrapper);
      if (!options) continue;
      if (this.byName.has(options.command)) throw new Error(`two handlers take ${options.command} from the outbox`);
      this.byName.set(options.command, options.message);
    }
  }

  get names(): string[] {
    return [...this.byName.keys(), TIME_UP];
  }

  /** Carries a command out inside the open unit of its tenant. */
  async dispatch(unit: Unit, command: string, payload: Record<string, unknown>): Promise<void> {
    if (command === TIME_UP) return this.processes.timeUp(unit, payload);
    const message = this.byName.get(command);
    if (!message) throw new Error(`nobody takes ${command} from the outbox`);
    await this.bus.execute(message(systemActor(unit.tenantId, `outbox:${command}`), payload));
  }
}
