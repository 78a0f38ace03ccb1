import { Body, Controller, Delete, Get, HttpCode, Patch, Post, Res } from '@nestjs/common';
import { ApiTags } from '#api-document';
import {
  API_PREFIX,
  type ApiReply,
  CurrentActor,
  IdParam,
  IfMatch,
  type IfMatchCondition,
  Requires,
} from '#platform/http';
import type { Actor } from '#platform/kernel';
import { Bus } from '#platform/persistence';
import { CategoryView } from './catalog.views.js';
import { CreateCategory, CreateCategoryInput } from './commands/create-category.command.js';
import { DeleteCategory } from './commands/delete-category.command.js';
import { MoveCategory, MoveCategoryInput } from './commands/move-category.command.js';
import { RenameCategory, RenameCategoryInput } from './commands/rename-category.command.js';
import { GetCategory } from './queries/get-category.query.js';
import { CategoryTreeView, ListCategories } from './queries/list-categories.query.js';

/** The tree of categories that a store sorts its catalogue into. */
@ApiTags('Catalogue: categories')
@Controller('catalog/categories')
export class CategoriesController {
  constructor(private readonly bus: Bus) {}

  /** Add a category. Below a parent or at the top, at a place or at the end. */
  @Post()
  @Requires('release:write')
  async createCategory(
    @CurrentActor() actor: Actor,
    @Body() input: CreateCategoryInput,
    @Res({ passthrough: true }) reply: ApiReply,
  ): Promise<CategoryView> {
    const category = await this.bus.execute(new CreateCategory(actor, input));
    reply.header('location', `/${API_PREFIX}/catalog/categories/${category.id}`);
    return category;
  }

  /** Read the whole tree. Parents come before their children and siblings in their order; there are 5,000 at most. */
  @Get()
  @Requires('release:read')
  listCategories(@CurrentActor() actor: Actor): Promise<CategoryTreeView> {
    return this.bus.execute(new ListCategories(actor));
  }

  /** Read a category. It says how many releases stand in it. */
  @Get(':id')
  @Requires('release:read')
  getCategory(@CurrentActor() actor: Actor, @IdParam('id', 'category') id: string): Promise<CategoryView> {
    return this.bus.execute(new GetCategory(actor, id));
  }

  /** Rename a category. Its siblings must have other names; the same name changes nothing. */
  @Patch(':id')
  @Requires('release:write')
  renameCategory(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'category') id: string,
    @Body() input: RenameCategoryInput,
    @IfMatch() ifMatch?: IfMatchCondition,
  ): Promise<CategoryView> {
    return this.bus.execute(new RenameCategory(actor, id, { input, ifMatch }));
  }

  /** Move a category. All below it moves along; beside its siblings it changes its place. */
  @Post(':id/move')
  @HttpCode(200)
  @Requires('release:write')
  moveCategory(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'category') id: string,
    @Body() input: MoveCategoryInput,
    @IfMatch() ifMatch?: IfMatchCondition,
  ): Promise<CategoryView> {
    return this.bus.execute(new MoveCategory(actor, id, { input, ifMatch }));
  }

  /** Delete an empty category. One that has categories below it or releases in it is refused. */
  @Delete(':id')
  @Requires('release:write')
  deleteCategory(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'category') id: string,
    @IfMatch() ifMatch?: IfMatchCondition,
  ): Promise<CategoryView> {
    return this.bus.execute(new DeleteCategory(actor, id, ifMatch));
  }
}
