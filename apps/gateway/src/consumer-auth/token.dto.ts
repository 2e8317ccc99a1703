import { ApiProperty } from '@nestjs/swagger';
import type { TokenRefusal } from './token.service.js';

/** What is sent to `POST /v1/token`; read by `token-request.ts`, as RFC 6749 has it. */
export class TokenRequestDto {
  @ApiProperty({ enum: ['client_credentials'] }) grant_type: string;
  @ApiProperty({ enum: ['urn:ietf:params:oauth:client-assertion-type:jwt-bearer'] }) client_assertion_type: string;
  @ApiProperty({ description: 'JWT signed with a key that the registry has for the subsystem (RFC 7523).' })
  client_assertion: string;
  @ApiProperty({ required: false, description: 'The subsystem, as in the assertion.' }) client_id?: string;
}

export class GivenTokenDto {
  @ApiProperty() access_token: string;
  @ApiProperty({ enum: ['Bearer'] }) token_type: string;
  @ApiProperty({ description: 'Seconds.' }) expires_in: number;
}

export type OAuthError =
  'invalid_request' | 'invalid_client' | 'invalid_scope' | 'unsupported_grant_type' | 'temporarily_unavailable';

/** RFC 6749 §5.2, with our code beside it. */
export class TokenErrorDto {
  @ApiProperty({
    enum: ['invalid_request', 'invalid_client', 'invalid_scope', 'unsupported_grant_type', 'temporarily_unavailable'],
  })
  error: OAuthError;
  @ApiProperty() error_description: string;
  @ApiProperty() code: TokenRefusal;
}
