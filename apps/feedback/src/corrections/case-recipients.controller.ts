import { Controller, Get, Header, Inject, Param, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { AuthenticatedCaller, CallerGuard } from '../caller/caller.guard.js';
import type { Caller } from '../caller/caller-auth.service.js';
import { ApiEndUser, PERSON_CODES, ProblemCodes } from '../problem-codes.dto.js';
import { PersonRecipients, type ShownRecipients } from './person-recipients.service.js';
import { CasePath } from './step.dto.js';

/** Whom the person's correction was told to, provably (`corrections.md` §9). */
@ApiTags('corrections')
@ApiBearerAuth()
@ApiEndUser()
@Controller('v1/corrections')
@UseGuards(CallerGuard)
export class CaseRecipientsController {
  constructor(@Inject(PersonRecipients) private readonly recipients: PersonRecipients) {}

  @Get(':id/recipients')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    operationId: 'listCaseRecipients',
    summary: 'Members that were told of the correction, each with its proof under the root that the log has.',
  })
  @ApiOkResponse({ type: Object })
  @ProblemCodes(...PERSON_CODES, 'case-unknown')
  list(@Param() { id }: CasePath, @AuthenticatedCaller() caller: Caller): Promise<ShownRecipients> {
    return this.recipients.of(caller, id);
  }
}
