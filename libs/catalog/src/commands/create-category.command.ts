import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { IdOf, Text, WholeNumber } from '#platform/http';
import { type Actor, newUuid } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import type { CategoryView } from '../catalog.views.js';
import { catalogErrors } from '../domain/catalog.errors.js';
import { categoryKey, MOST_CATEGORIES, placedAt } from '../domain/category-tree.js';
import { lockTree, namedOnce, readCategory, savePlaces } from '../store/category-rows.js';

export class CreateCategoryInput {
  /** @example "Jazz" */
  @Text({ max: 200 })
  readonly name!: string;

  /** Null or left out: at the top of the tree. */
  @IdOf('category', { optional: true, nullable: true, example: null })
  readonly parentId?: string | null;

  /** Its place among its siblings, from 0; left out, at the end. @example 0 */
  @WholeNumber({ min: 0, max: MOST_CATEGORIES, optional: true })
  readonly place?: number;
}

/** Adds a category to the store's tree. */
export class CreateCategory extends Command<CategoryView> {
  constructor(
    readonly actor: Actor,
    readonly input: CreateCategoryInput,
  ) {
    super();
  }
}

@CommandHandler(CreateCategory)
export class CreateCategoryHandler implements ICommandHandler<CreateCategory> {
  constructor(private readonly work: UnitOfWork) {}

  async execute({ input: { name, parentId = null, place } }: CreateCategory): Promise<CategoryView> {
    const unit = this.work.current();
    const all = await lockTree(unit);
    if (all.length >= MOST_CATEGORIES)
      throw catalogErrors.too_many_categories(`A store has ${MOST_CATEGORIES} categories at most. Remove some first.`);
    const id = newUuid();
    const places = placedAt(all, id, { parentId, place });
    await namedOnce(name, () =>
      unit.run(
        `insert into catalog.category (tenant_id, id, parent_id, name, name_key, place) values ($1, $2, $3, $4, $5, 0)`,
        [unit.tenantId, id, parentId, name, categoryKey(name)],
      ),
    );
    await savePlaces(unit, places);
    return readCategory(unit, id);
  }
}
