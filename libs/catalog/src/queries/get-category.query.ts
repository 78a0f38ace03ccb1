import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import type { Actor } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import type { CategoryView } from '../catalog.views.js';
import { readCategory } from '../store/category-rows.js';

/** One category. */
export class GetCategory extends Query<CategoryView> {
  constructor(
    readonly actor: Actor,
    readonly categoryId: string,
  ) {
    super();
  }
}

@QueryHandler(GetCategory)
export class GetCategoryHandler implements IQueryHandler<GetCategory> {
  constructor(private readonly work: UnitOfWork) {}

  execute({ categoryId }: GetCategory): Promise<CategoryView> {
    return readCategory(this.work.current(), categoryId);
  }
}
