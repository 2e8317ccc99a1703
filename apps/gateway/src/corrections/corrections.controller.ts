import type { IncomingMessage } from 'node:http';
import { Controller, Get, Header, HttpCode, Inject, Param, Post, Query, Req, Res, UseGuards } from '@nestjs/common';
import {
  ApiBody,
  ApiCreatedResponse,
  ApiHeader,
  ApiOkResponse,
  ApiOperation,
  ApiQuery,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { parseExchangeId, type SubsystemId } from '#kernel';
import { Consumer, ConsumerGuard } from '../consumer-auth/consumer.guard.js';
import { CaseSteps, type Standing } from './case-steps.service.js';
import { malformed, readCorrection, readInfo, readNothing } from './correction-body.pipe.js';
import { CorrectionBodies } from './correction-bodies.service.js';
import {
  CorrectionDto,
  FiledDto,
  InfoDto,
  NothingDto,
  OwnWordsDto,
  ShownLetterDto,
  StandingDto,
} from './correction.dto.js';
import { gatewayCorrectionErrors } from './corrections.errors.js';
import { endUserOf } from './end-user-header.js';
import { filingRequestOf } from './filing-form.js';
import { GatewayFilings, type Filed } from './filings.service.js';
import { OwnWords, type ShownLetter, type ShownWords } from './own-words.service.js';
import { PersonActs } from './person-acts.service.js';

const ROUTE = '/v1/corrections';
/** Whose bodies are read by `CorrectionBodies`. */
export const CORRECTION_ROUTES = [
  ROUTE,
  ...['withdraw', 'info', 'appeal'].map((act) => `${ROUTE}/:id/${act}`),
] as const;

/**
 * What persons say is wrong in an answer, for portal backends (`corrections.md` §10). What is read of cases feedback serves,
 * but for what only this portal can open.
 */
@ApiTags('corrections')
@ApiHeader({ name: 'X-Road-Client', required: false, description: 'May be missing beside an access token.' })
@ApiHeader({ name: 'Kerege-End-User', required: true, description: 'Assertion of the person who asks.' })
@Controller(ROUTE)
@UseGuards(ConsumerGuard)
export class GatewayCorrectionsController {
  constructor(
    @Inject(GatewayFilings) private readonly filings: GatewayFilings,
    @Inject(PersonActs) private readonly acts: PersonActs,
    @Inject(OwnWords) private readonly words: OwnWords,
    @Inject(CaseSteps) private readonly steps: CaseSteps,
    @Inject(CorrectionBodies) private readonly bodies: CorrectionBodies,
  ) {}

  @Post()
  @HttpCode(201)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ operationId: 'fileCorrection', summary: 'Seals for the owner what is wrong, and files it.' })
  @ApiBody({ type: CorrectionDto })
  @ApiCreatedResponse({ type: FiledDto })
  async file(
    @Req() { raw }: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
    @Consumer() consumer: SubsystemId,
  ): Promise<Filed> {
    const endUser = endUserOf(raw.rawHeaders);
    return this.bodies.with(raw, reply, consumer, async (body) => {
      const { form, json } = await readCorrection(body);
      const request = filingRequestOf(form, json, this.steps.view());
      if (request.ok) return this.filings.file(consumer, endUser, request.value);
      if (request.reason === 'service') throw gatewayCorrectionErrors.error('correction-service-unknown');
      throw malformed([{ pointer: `#/${request.reason}`, message: `${request.reason} is none of that service` }]);
    });
  }

  @Post(':id/withdraw')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ operationId: 'withdrawCorrection', summary: 'Before a decision the person takes it back.' })
  @ApiBody({ type: NothingDto })
  @ApiOkResponse({ type: StandingDto })
  withdraw(
    @Param('id') id: string,
    @Req() { raw }: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
    @Consumer() consumer: SubsystemId,
  ): Promise<{ standing: Standing }> {
    return this.act(raw, reply, consumer, (body, endUser) => {
      readNothing(body);
      return this.acts.withdraw(consumer, endUser, caseOf(id));
    });
  }

  @Post(':id/info')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ operationId: 'answerOwner', summary: 'Answers what the owner has asked, sealed for it.' })
  @ApiBody({ type: InfoDto })
  @ApiOkResponse({ type: StandingDto })
  info(
    @Param('id') id: string,
    @Req() { raw }: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
    @Consumer() consumer: SubsystemId,
  ): Promise<{ standing: Standing }> {
    return this.act(raw, reply, consumer, async (body, endUser) => {
      const { form, json } = await readInfo(body);
      return this.acts.answer(consumer, endUser, caseOf(id), { text: form.text, attachments: json['attachments'] });
    });
  }

  @Post(':id/appeal')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ operationId: 'appealCorrection', summary: 'Within the appeal window: the owner looks at it again.' })
  @ApiBody({ type: NothingDto })
  @ApiOkResponse({ type: StandingDto })
  appeal(
    @Param('id') id: string,
    @Req() { raw }: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
    @Consumer() consumer: SubsystemId,
  ): Promise<{ standing: Standing }> {
    return this.act(raw, reply, consumer, (body, endUser) => {
      readNothing(body);
      return this.acts.appeal(consumer, endUser, caseOf(id));
    });
  }

  @Get(':id/words')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    operationId: 'readOwnWords',
    summary: 'What owners have said to the person in their own words, opened here and signed by them.',
  })
  @ApiOkResponse({ type: OwnWordsDto })
  async ownWords(
    @Param('id') id: string,
    @Req() { raw }: FastifyRequest,
    @Consumer() consumer: SubsystemId,
  ): Promise<{ words: ShownWords[] }> {
    return { words: await this.words.of(consumer, endUserOf(raw.rawHeaders), caseOf(id)) };
  }

  @Get(':id/letter')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    operationId: 'readCorrectionLetter',
    summary: 'The letter of feedback, with the own words of owners in their places.',
  })
  @ApiQuery({ name: 'lang', required: false, description: 'Absent: that in which the case was filed.' })
  @ApiOkResponse({ type: ShownLetterDto })
  letter(
    @Param('id') id: string,
    @Query('lang') language: unknown,
    @Req() { raw }: FastifyRequest,
    @Consumer() consumer: SubsystemId,
  ): Promise<ShownLetter> {
    return this.words.letter(consumer, endUserOf(raw.rawHeaders), caseOf(id), languageIn(language));
  }

  private act(
    raw: IncomingMessage,
    reply: FastifyReply,
    consumer: SubsystemId,
    done: (body: Buffer, endUser: string) => Promise<Standing>,
  ): Promise<{ standing: Standing }> {
    const endUser = endUserOf(raw.rawHeaders);
    return this.bodies.with(raw, reply, consumer, async (body) => ({ standing: await done(body, endUser) }));
  }
}

/** It stands in a URL at feedback: nothing else than an id may. */
function caseOf(id: string): string {
  const parsed = parseExchangeId(id);
  if (parsed === undefined) throw malformed([{ pointer: '#', message: 'the id of a case is a UUIDv7' }]);
  return parsed;
}

/** It stands in a URL at feedback, which says which ones it speaks. */
function languageIn(language: unknown): string | undefined {
  if (language === undefined) return undefined;
  if (typeof language === 'string' && /^[a-z]{2}$/.test(language)) return language;
  throw malformed([{ pointer: '#/lang', message: 'lang is two letters: az, ky, kk, ru, en' }]);
}
