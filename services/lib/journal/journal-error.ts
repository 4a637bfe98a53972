// What can be wrong with a journal.

/**
 * DAMAGED      bytes that no interrupted write leaves behind: nothing behind them can be trusted, and nothing is skipped
 * OTHER_KIND   a journal of something else, or no journal at all
 * OTHER_VERSION  written by another version of the program
 * OTHER_BOOT   written before the host was restarted: what it speaks of is gone
 * FULL         there is no room for what was to be written; the journal is as it was before
 */
export type JournalErrorCode = 'DAMAGED' | 'OTHER_KIND' | 'OTHER_VERSION' | 'OTHER_BOOT' | 'FULL';

export class JournalError extends Error {
  readonly code: JournalErrorCode;
  /** Bytes from the start of the file; where the damage was found, or where it would not fit. */
  readonly offset: number;

  constructor(code: JournalErrorCode, offset: number, message: string) {
    super(message);
    this.name = 'JournalError';
    this.code = code;
    this.offset = offset;
  }
}
