/** The error of settings that cannot be: thrown when a window, a heap, a VM or a host is made, never later. */
export class SettingsError extends Error {
  /** The setting, as a path: `vms.desk.windowSize`. */
  readonly setting: string;
  readonly expected: string;
  readonly found: string;

  constructor(setting: string, expected: string, found: unknown) {
    const shown = typeof found === 'string' ? `"${found}"` : String(found);
    super(`${setting}: expected ${expected}, found ${shown}`);
    this.name = 'SettingsError';
    this.setting = setting;
    this.expected = expected;
    this.found = shown;
  }
}
