import { writeFileSync } from 'node:fs';
import type { Reporter, TestCase, TestModule, TestRunEndReason, Vitest } from 'vitest/node';

/** What one run came to. `failed` also counts files that could not be loaded and errors outside any test. */
export type Tally = { readonly passed: number; readonly failed: number; readonly skipped: number };

/** One line per file, each failure with its message, each skip with its reason; the tally goes to the file named in SALLYPORT_TALLY. */
export default class LineReporter implements Reporter {
  #passed = 0;
  #failed = 0;
  #skipped = 0;
  #root = '';

  onInit(vitest: Vitest): void {
    this.#root = `${vitest.config.root}/`;
  }

  onTestCaseResult(test: TestCase): void {
    const result = test.result();
    if (result.state === 'passed') this.#passed++;
    if (result.state === 'failed') {
      this.#failed++;
      this.#fail(`${this.#path(test.module)} > ${test.fullName}`, result.errors);
    }
  }

  onTestModuleEnd(module: TestModule): void {
    let [passed, failed] = [0, 0];
    for (const test of module.children.allTests()) {
      const result = test.result();
      if (result.state === 'passed') passed++;
      if (result.state === 'failed') failed++;
      if (result.state === 'skipped') {
        this.#skipped++;
        // describe.skipIf leaves no note: those files print their reason themselves, and their output is shown.
        console.log(`skip ${this.#path(module)} > ${test.fullName}: ${result.note ?? 'see the reason printed by the file'}`);
      }
    }
    const errors = module.errors();
    if (errors.length > 0) {
      this.#failed++;
      this.#fail(this.#path(module), errors);
    }
    const seconds = (module.diagnostic().duration / 1000).toFixed(1);
    console.log(`${failed + errors.length > 0 ? 'FAIL' : 'ok  '} ${this.#path(module)}  ${passed} passed, ${failed} failed, ${seconds} s`);
  }

  onUserConsoleLog(log: { content: string }): void {
    process.stdout.write(log.content);
  }

  onTestRunEnd(_modules: readonly TestModule[], unhandled: readonly unknown[], reason: TestRunEndReason): void {
    for (const error of unhandled) {
      this.#failed++;
      this.#fail('outside any test', [error]);
    }
    if (reason === 'interrupted') this.#failed++;
    const tally: Tally = { passed: this.#passed, failed: this.#failed, skipped: this.#skipped };
    if (process.env['SALLYPORT_TALLY'] !== undefined)
      writeFileSync(process.env['SALLYPORT_TALLY'], `${tally.passed} ${tally.failed} ${tally.skipped}`);
  }

  #path(module: TestModule): string {
    return module.moduleId.replace(this.#root, '');
  }

  #fail(where: string, errors: readonly unknown[]): void {
    console.log(`FAIL ${where}`);
    for (const error of errors) {
      const parts = typeof error === 'object' && error !== null ? error : { message: String(error) };
      console.log(`     ${'message' in parts ? String(parts.message) : JSON.stringify(parts)}`);
      if ('diff' in parts && typeof parts.diff === 'string') console.log(parts.diff);
      if ('stack' in parts && typeof parts.stack === 'string') console.log(parts.stack.split('\n').slice(1, 6).join('\n'));
    }
  }
}
