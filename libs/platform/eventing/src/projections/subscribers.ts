import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { publishedFacts } from '../core/published-facts.js';
import { type IProcessManager, ProcessManager } from '../process/process-manager.js';
import { Processes } from '../process/processes.js';
import { type IBulkReactor, type IReactor, Reactor, reactorSubscriber } from '../process/reactor.js';
import { type IProjection, Projection, projectionSubscriber } from './projection.js';
import { InlineProjections } from '../store/inline-projections.js';
import { inlineSubscriber } from './inline-subscriber.js';
import type { Subscriber } from './subscriber.js';

/** Names stand in keys and labels: `context.name`. */
const NAME = /^[a-z][a-z0-9-]*(?:\.[a-z][a-z0-9-]*)+$/;

/** Everything in this worker that is fed from the feed. */
@Injectable()
export class Subscribers implements OnModuleInit {
  private readonly byName = new Map<string, Subscriber>();

  constructor(
    @Inject(DiscoveryService) private readonly discovery: DiscoveryService,
    @Inject(Processes) private readonly processes: Processes,
    @Inject(InlineProjections) private readonly inline: InlineProjections,
  ) {}

  /** Finds them. @throws Error when a name is taken or no name */
  onModuleInit(): void {
    for (const wrapper of this.discovery.getProviders()) {
      const projection = this.discovery.getMetadataByDecorator(Projection, wrapper);
      const reactor = this.discovery.getMetadataByDecorator(Reactor, wrapper);
      const manager = this.discovery.getMetadataByDecorator(ProcessManager, wrapper);
      const instance: unknown = wrapper.instance;
      if (projection) this.add(projectionSubscriber(projection, instance as IProjection));
      if (reactor) this.add(reactorSubscriber(reactor, instance as IReactor | IBulkReactor));
      if (manager) this.add(this.processes.subscriber(manager, instance as IProcessManager<unknown>));
    }
  }

  /** Asked when every module has been initialised: inline projections are added then. */
  all(): Subscriber[] {
    for (const projection of this.inline.rebuildable()) {
      if (!this.byName.has(projection.readModel.name)) this.add(inlineSubscriber(projection));
    }
    return [...this.byName.values()];
  }

  get(name: string): Subscriber | undefined {
    return this.byName.get(name);
  }

  private add(subscriber: Subscriber): void {
    const { name } = subscriber;
    if (!NAME.test(name)) throw new Error(`${name} is no name for a projection or reaction`);
    if (this.byName.has(name)) throw new Error(`two projections or reactions are called ${name}`);
    this.byName.set(name, listening(subscriber));
  }
}

/** A subscriber may name published facts: it is fed from the stored events they are cut from. */
function listening(subscriber: Subscriber): Subscriber {
  const { types } = subscriber;
  return {
    ...subscriber,
    types: publishedFacts.storedTypes(types),
    apply: async (events, unit, slot) => {
      const seen = events.flatMap((event) => publishedFacts.seenAs(types, event));
      if (seen.length > 0) await subscriber.apply(seen, unit, slot);
    },
  };
}
