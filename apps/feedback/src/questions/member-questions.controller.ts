import { Body, Controller, Get, Header, HttpCode, Inject, Param, Post, Query, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { SubsystemId } from '#kernel';
import { AuthenticatedMember, MemberGuard } from '../caller/member.guard.js';
import { Answers, type MemberQuestion, type MemberQuestionsPage } from './answers.service.js';
import {
  AnswerBody,
  MemberQuestionDto,
  MemberQuestionsPageDto,
  OpenQuestionsQuery,
  QuestionPath,
} from './member-questions.dto.js';
import { MEMBER_CODES, ProblemCodes } from '../problem-codes.dto.js';
import type { QuestionStanding } from './question.js';
import { QuestionStandingDto } from './questions.dto.js';

const PAGE = 50;

/** For members without a connector, and those that would rather fetch: what persons ask of them. */
@ApiTags('questions of members')
@ApiBearerAuth()
@Controller('v1/questions')
@UseGuards(MemberGuard)
export class MemberQuestionsController {
  constructor(@Inject(Answers) private readonly answers: Answers) {}

  @Get()
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ operationId: 'listQuestions', summary: 'Questions of this subsystem that wait for its answer.' })
  @ApiOkResponse({ type: MemberQuestionsPageDto })
  @ProblemCodes(...MEMBER_CODES)
  list(
    @Query() { state, after, limit }: OpenQuestionsQuery,
    @AuthenticatedMember() member: SubsystemId,
  ): Promise<MemberQuestionsPage> {
    return this.answers.open(member, { state, after, limit: Number(limit ?? PAGE) });
  }

  @Get(':id')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ operationId: 'readQuestion', summary: 'One question of this subsystem, answered or not.' })
  @ApiOkResponse({ type: MemberQuestionDto })
  @ProblemCodes(...MEMBER_CODES, 'question-unknown')
  read(@Param() { id }: QuestionPath, @AuthenticatedMember() member: SubsystemId): Promise<MemberQuestion> {
    return this.answers.one(member, id);
  }

  @Post(':id/answer')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    operationId: 'answerQuestion',
    summary: 'Answers a question, once and for all; the same statement again changes nothing.',
  })
  @ApiBody({ type: AnswerBody })
  @ApiOkResponse({ type: QuestionStandingDto })
  @ProblemCodes(...MEMBER_CODES, 'answer-unsound', 'text-too-long', 'question-unknown', 'question-answered')
  answer(
    @Param() { id }: QuestionPath,
    @Body() { statement, answer, salt }: AnswerBody,
    @AuthenticatedMember() member: SubsystemId,
  ): Promise<QuestionStanding> {
    const { code, text } = answer;
    return this.answers.answer(member, id, { statement, answer: { code, text }, salt: Buffer.from(salt, 'base64url') });
  }
}
