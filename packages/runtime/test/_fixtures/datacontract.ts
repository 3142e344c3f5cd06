import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';

const PYTHON = process.env.HEADRACE_TEST_DATACONTRACT ?? join(__dirname, '../../../../.engines/venv/bin/python');

/** Whether datacontract-cli is there, which scripts/install-engines.sh installs; `HEADRACE_TEST_DATACONTRACT` names another Python that has it. */
export const hasDatacontract = spawnSync(PYTHON, ['-c', 'import importlib.util, sys; sys.exit(importlib.util.find_spec("datacontract") is None)']).status === 0;

// One process for all files, since most of the time goes into imports.
const SCRIPT = `
import json, logging, sys
from datacontract.data_contract import DataContract
logging.disable(logging.CRITICAL)
print(json.dumps({file: [f"{check.result.value}: {check.name}: {check.reason or ''}" for check in DataContract(data_contract_file=file).lint().checks] for file in json.load(sys.stdin)}))
`;

/** What the public lint of ODCS says of files: its checks by file, each `passed: …`, or what is wrong. No network is asked. */
export function lintContracts(files: readonly string[]): Record<string, string[]> {
  const noProxy = { HTTP_PROXY: 'http://127.0.0.1:9', HTTPS_PROXY: 'http://127.0.0.1:9' };
  const output = execFileSync(PYTHON, ['-c', SCRIPT], { input: JSON.stringify(files), env: { ...process.env, ...noProxy }, stdio: ['pipe', 'pipe', 'pipe'] });
  return JSON.parse(output.toString().trim().split('\n').at(-1)!) as Record<string, string[]>;
}
