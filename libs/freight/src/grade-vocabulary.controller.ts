import { Body, Controller, Get, Put } from '@nestjs/common';
import { ApiTags } from '#api-document';
import { CurrentActor, IfMatch, type IfMatchCondition, Requires } from '#platform/http';
import type { Actor } from '#platform/kernel';
import { Bus } from '#platform/persistence';
import { SetGradeVocabulary, SetGradeVocabularyInput } from './commands/set-grade-vocabulary.command.js';
import { GradeVocabularyView } from './grade-vocabulary.views.js';
import { GetGradeVocabulary } from './queries/get-grade-vocabulary.query.js';

/** The words by which a store's files say grades. */
@ApiTags('Jobs')
@Controller('grade-vocabulary')
export class GradeVocabularyController {
  constructor(private readonly bus: Bus) {}

  /** Read the store's words for grades. The usual ones (Mint, Near Mint, VG+ ...) are understood without. */
  @Get()
  @Requires('job:read')
  getGradeVocabulary(@CurrentActor() actor: Actor): Promise<GradeVocabularyView> {
    return this.bus.execute(new GetGradeVocabulary(actor));
  }

  /** Replace the store's words for grades. Jobs take them on when they are started or retried; a job's own words come first. */
  @Put()
  @Requires('job:write')
  setGradeVocabulary(
    @CurrentActor() actor: Actor,
    @Body() input: SetGradeVocabularyInput,
    @IfMatch() ifMatch?: IfMatchCondition,
  ): Promise<GradeVocabularyView> {
    return this.bus.execute(new SetGradeVocabulary(actor, { input, ifMatch }));
  }
}
