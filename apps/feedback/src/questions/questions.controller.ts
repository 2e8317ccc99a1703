import { Body, Controller, Header, Inject, Post, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiCreatedResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { AuthenticatedCaller, CallerGuard } from '../caller/caller.guard.js';
import type { Caller } from '../caller/caller-auth.service.js';
import { ApiEndUser, PERSON_CODES, ProblemCodes } from '../problem-codes.dto.js';
import type { QuestionStanding } from './question.js';
import { QuestionBody, QuestionStandingDto } from './questions.dto.js';
import { Questions } from './questions.service.js';

/** "Why did you look at my data?" */
@ApiTags('questions')
@ApiBearerAuth()
@Controller('v1/subjects/me')
@UseGuards(CallerGuard)
export class QuestionsController {
  constructor(@Inject(Questions) private readonly questions: Questions) {}

  @Post('questions')
  @Header('Cache-Control', 'no-store')
  @ApiEndUser()
  @ApiOperation({
    operationId: 'askQuestion',
    summary: 'Asks whoever made an access to the end user’s data, or to those of whom they represent, why.',
  })
  @ApiBody({ type: QuestionBody })
  @ApiCreatedResponse({ type: QuestionStandingDto, description: 'Asked; it shows beside its row of the history.' })
  @ProblemCodes(
    ...PERSON_CODES,
    'access-ambiguous',
    'text-too-long',
    'subject-not-yours',
    'access-unknown',
    'question-open',
    'recipient-gone',
    'questions-too-many',
  )
  ask(@Body() body: QuestionBody, @AuthenticatedCaller() caller: Caller): Promise<QuestionStanding> {
    return this.questions.ask(caller, body);
  }
}
