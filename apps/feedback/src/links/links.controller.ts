import { Body, Controller, Delete, Get, Header, HttpCode, Inject, Param, Post, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { SubsystemId } from '#kernel';
import { AuthenticatedCaller, CallerGuard } from '../caller/caller.guard.js';
import type { Caller } from '../caller/caller-auth.service.js';
import { AuthenticatedMember, MemberGuard } from '../caller/member.guard.js';
import { ApiEndUser, MEMBER_CODES, PERSON_CODES, ProblemCodes } from '../problem-codes.dto.js';
import { LinkBody, LinkDto, LinkPath, LinksDto, termsOf, TicketBody, TicketDto } from './links.dto.js';
import { Links, type ShownLink } from './links.service.js';

/** What a person allows members (E45). */
@ApiTags('links')
@ApiBearerAuth()
@ApiEndUser()
@Controller('v1/subjects/me/links')
@UseGuards(CallerGuard)
export class LinksController {
  constructor(@Inject(Links) private readonly links: Links) {}

  @Post()
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ operationId: 'grantLink', summary: 'Allows a member something, from now on.' })
  @ApiCreatedResponse({ type: LinkDto })
  @ProblemCodes(...PERSON_CODES, 'link-terms', 'links-too-many', 'statement-unsigned')
  grant(@Body() body: LinkBody, @AuthenticatedCaller() caller: Caller): Promise<ShownLink> {
    return this.links.grant(caller, termsOf(body));
  }

  @Get()
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ operationId: 'listLinks', summary: 'All links of the end user.' })
  @ApiOkResponse({ type: LinksDto })
  @ProblemCodes(...PERSON_CODES)
  async list(@AuthenticatedCaller() caller: Caller): Promise<{ links: ShownLink[] }> {
    return { links: await this.links.list(caller) };
  }

  @Delete(':id')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ operationId: 'revokeLink', summary: 'Ends a link at once; calls under it stop within five seconds.' })
  @ApiOkResponse({ type: LinkDto })
  @ProblemCodes(...PERSON_CODES, 'link-unknown', 'statement-unsigned')
  revoke(@Param() { id }: LinkPath, @AuthenticatedCaller() caller: Caller): Promise<ShownLink> {
    return this.links.revoke(caller, id);
  }
}

/** For gateways: whether a person allows a call of their consumer. */
@ApiTags('links')
@ApiBearerAuth()
@Controller('v1/links')
@UseGuards(MemberGuard)
export class LinkTicketsController {
  constructor(@Inject(Links) private readonly links: Links) {}

  @Post('tickets')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ operationId: 'askLinkTicket', summary: 'That the subject allows such a call of this subsystem now.' })
  @ApiOkResponse({ type: TicketDto })
  @ProblemCodes(...MEMBER_CODES, 'link-not-asked', 'link-none', 'statement-unsigned')
  async ticket(
    @Body() { subject, service, purpose }: TicketBody,
    @AuthenticatedMember() member: SubsystemId,
  ): Promise<{ ticket: string }> {
    return { ticket: await this.links.ticket(member, { subject, service, purpose }) };
  }
}
