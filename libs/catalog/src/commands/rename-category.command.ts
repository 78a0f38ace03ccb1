import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type IfMatchCondition, Text } from '#platform/http';
import type { Actor } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import type { CategoryView } from '../catalog.views.js';
import { categoryKey } from '../domain/category-tree.js';
import { lockCategory, namedOnce, readCategory } from '../store/category-rows.js';

export class RenameCategoryInput {
  /** @example "Electronica" */
  @Text({ max: 200, optional: true })
  readonly name?: string;
}

/** Renames a category. The same name changes nothing. */
export class RenameCategory extends Command<CategoryView> {
  constructor(
    readonly actor: Actor,
    readonly categoryId: string,
    readonly change: { readonly input: RenameCategoryInput; readonly ifMatch?: IfMatchCondition },
  ) {
    super();
  }
}

@CommandHandler(RenameCategory)
export class RenameCategoryHandler implements ICommandHandler<RenameCategory> {
  constructor(private readonly work: UnitOfWork) {}

  async execute({ categoryId, change: { input, ifMatch } }: RenameCategory): Promise<CategoryView> {
    const unit = this.work.current();
    await lockCategory(unit, categoryId, ifMatch);
    const { name } = input;
    if (name === undefined) return readCategory(unit, categoryId);
    await namedOnce(name, () =>
      unit.run(
        `update catalog.category set name = $3, name_key = $4, version = version + 1, updated_at = clock_timestamp()
          where tenant_id = $1 and id = $2 and name <> $3`,
        [unit.tenantId, categoryId, name, categoryKey(name)],
      ),
    );
    return readCategory(unit, categoryId);
  }
}
