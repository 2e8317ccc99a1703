import { Controller, Get, Header, Headers, Inject, Param, Query, Res, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { AuthenticatedCaller, CallerGuard } from '../../caller/caller.guard.js';
import type { Caller } from '../../caller/caller-auth.service.js';
import { ApiEndUser, PERSON_CODES, ProblemCodes } from '../../problem-codes.dto.js';
import { CasePath } from '../step.dto.js';
import { Evidences, type CaseEvidence } from '../evidence/evidences.service.js';
import { OwnWords, type ShownWords } from '../own-words/own-words.service.js';
import { LETTER_POLICY, letterPage } from './letter-page.js';
import { LetterDto, LetterQuery } from './letters.dto.js';
import { Letters, type ToldStanding } from './letters.service.js';

/** What a person takes home of a case: how it stands, a letter, and the proofs. */
@ApiTags('corrections')
@ApiBearerAuth()
@ApiEndUser()
@Controller('v1/corrections')
@UseGuards(CallerGuard)
export class LettersController {
  constructor(
    @Inject(Letters) private readonly letters: Letters,
    @Inject(Evidences) private readonly evidences: Evidences,
    @Inject(OwnWords) private readonly ownWords: OwnWords,
  ) {}

  @Get(':id')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    operationId: 'readCorrection',
    summary: 'A case of the end user, and in their words what comes next.',
  })
  @ApiOkResponse({ type: Object })
  @ProblemCodes(...PERSON_CODES, 'case-unknown')
  read(
    @Param() { id }: CasePath,
    @Query() { lang }: LetterQuery,
    @AuthenticatedCaller() caller: Caller,
  ): Promise<ToldStanding> {
    return this.letters.told(caller, id, lang);
  }

  @Get(':id/letter')
  @Header('Cache-Control', 'no-store')
  @Header('Vary', 'Accept, Authorization, Kerege-End-User')
  @ApiOperation({
    operationId: 'readCorrectionLetter',
    summary: 'The case as a letter: what was decided, why, and what comes next; as JSON, or as a page to print.',
  })
  @ApiProduces('application/json', 'text/html')
  @ApiOkResponse({ type: LetterDto })
  @ProblemCodes(...PERSON_CODES, 'case-unknown')
  async letter(
    @Param() { id }: CasePath,
    @Query() { lang }: LetterQuery,
    @AuthenticatedCaller() caller: Caller,
    @Headers('accept') accept: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object | string> {
    const letter = await this.letters.letter(caller, id, lang);
    void reply.header('Content-Language', letter.language);
    if (!asksForPage(accept)) return letter;
    void reply.header('Content-Security-Policy', LETTER_POLICY).header('X-Content-Type-Options', 'nosniff');
    void reply.header('Referrer-Policy', 'no-referrer').type('text/html; charset=utf-8');
    return letterPage(letter);
  }

  @Get(':id/words')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    operationId: 'readOwnWords',
    summary: 'What owners have said in their own words, sealed for the portal; its gateway opens and checks it.',
  })
  @ApiOkResponse({ type: Object })
  @ProblemCodes(...PERSON_CODES, 'case-unknown')
  words(@Param() { id }: CasePath, @AuthenticatedCaller() caller: Caller): Promise<{ words: ShownWords[] }> {
    return this.ownWords.of(caller, id);
  }

  @Get(':id/evidence')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    operationId: 'readCorrectionEvidence',
    summary: 'Every transition with its statement and its place in the log, for whoever believes nobody.',
  })
  @ApiOkResponse({ type: Object })
  @ProblemCodes(...PERSON_CODES, 'case-unknown', 'evidence-unproven')
  evidence(@Param() { id }: CasePath, @AuthenticatedCaller() caller: Caller): Promise<CaseEvidence> {
    return this.evidences.of(caller, id);
  }
}

/** A browser names the page first; a program that says nothing, or anything, gets JSON. */
function asksForPage(accept: string | undefined): boolean {
  return /(?:^|,)\s*text\/html\s*(?:;|,|$)/iu.test(accept ?? '');
}
