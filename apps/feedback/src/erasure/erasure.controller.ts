import { Controller, Delete, Header, Inject, Query, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { toBase64Url } from '#kernel';
import { spelled } from '#signing';
import { AuthenticatedCaller, CallerGuard } from '../caller/caller.guard.js';
import type { Caller } from '../caller/caller-auth.service.js';
import { ApiEndUser, PERSON_CODES, ProblemCodes } from '../problem-codes.dto.js';
import { callerErrors } from '../caller/caller.errors.js';
import { Compromises } from '../compromise/compromises.service.js';
import { PersonCases } from '../corrections/person-cases.service.js';
import { EraseQuery, ErasedDto } from './erasure.dto.js';
import { erasureErrors } from './erasure.errors.js';
import { Erasure } from './erasure.service.js';

/** "Forget me." */
@ApiTags('erasure')
@ApiBearerAuth()
@Controller('v1/subjects/me')
@UseGuards(CallerGuard)
export class ErasureController {
  constructor(
    @Inject(Erasure) private readonly erasure: Erasure,
    @Inject(Compromises) private readonly compromises: Compromises,
    @Inject(PersonCases) private readonly cases: PersonCases,
  ) {}

  /** The end user alone: who represents somebody may read for them, and ends nothing in their name. */
  @Delete()
  @Header('Cache-Control', 'no-store')
  @ApiEndUser()
  @ApiOperation({
    operationId: 'eraseMe',
    summary: 'Makes the end user’s own access history unreadable, for ever; not of those whom they represent.',
    description:
      'What is erased is gone when this answers 200: it cannot be shown, proven or restored again, to the person neither. The leaves of the log stay and name nobody. Later accesses are shown again. After a 503 ask again: what was begun is ended all the same.',
  })
  @ApiOkResponse({ type: ErasedDto })
  @ProblemCodes(...PERSON_CODES, 'subject-not-yours', 'erasure-compromised', 'erasure-case-open', 'statement-unsigned')
  async erase(
    @Query() { subject }: EraseQuery,
    @AuthenticatedCaller() { person }: Caller,
  ): Promise<{ statements: string[] }> {
    if (subject !== undefined && subject !== spelled(person.user)) throw callerErrors.error('subject-not-yours');
    // Whoever has stolen the sign-in would erase what they did with it.
    if ((await this.compromises.since(person.user)) !== undefined) throw erasureErrors.error('erasure-compromised');
    // One that is filed at this very moment goes with the key that it lies under, or lies under a new one.
    const open = await this.cases.open(person.user);
    if (open > 0) throw erasureErrors.error('erasure-case-open', { extensions: { open } });
    const leaves = await this.erasure.erase([person.user]);
    return { statements: leaves.map(toBase64Url) };
  }
}
