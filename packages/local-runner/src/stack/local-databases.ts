import { Client } from 'pg';
import type { Assembly, Resource } from '../assembly';
import { localCertificate } from '../engines/certificate';
import { startPostgres } from '../engines/postgres';
import type { SecretValues } from './secret-values';
import type { StateFolder } from './state-folder';

/** A database of the assembly on this machine. */
export interface LocalDatabase {
  readonly path: string;
  readonly url: string;
  stop(): Promise<void>;
}

const TYPES = ['AWS::RDS::DBInstance', 'AWS::RDS::DBCluster'];
const DEFAULT_DATABASE = 'postgres';
const FILE = 'databases.json';

/** Instances and clusters of the assembly, each as an own PostgreSQL server. */
export class LocalDatabases {
  /** `Endpoint.Address` and `Endpoint.Port`, by `<stack>/<logical id>`: a template needs them before a server runs. */
  public readonly attributes: Record<string, Record<string, unknown>> = {};

  public constructor(private readonly state: StateFolder) {}

  /** Fixes the ports. They stay the same from run to run, so that URLs do. */
  public async reserve(assembly: Assembly): Promise<void> {
    for (const resource of databasesOf(assembly)) {
      const port = await this.state.port(keyOf(resource));
      const endpoint = { 'Endpoint.Address': '127.0.0.1', 'Endpoint.Port': String(port), 'ReadEndpoint.Address': '127.0.0.1' };
      this.attributes[`${resource.stack}/${resource.logicalId}`] = endpoint;
    }
  }

  /** Throws where an assembly has a database that is not up: servers start with the stack. */
  public requireReserved(assembly: Assembly): void {
    const missing = databasesOf(assembly).filter(({ stack, logicalId }) => this.attributes[`${stack}/${logicalId}`] === undefined);
    if (missing.length === 0) return;
    throw new Error(`${missing.map(({ path }) => path).join(', ')} of the assembly is not up; a database that a later assembly adds needs a new start: close the stack and start it with that assembly`);
  }

  /** What an attached secret holds beside user and password, by `Ref` of the database. */
  public attachments(assembly: Assembly): Map<string, Record<string, unknown>> {
    return new Map(databasesOf(assembly).map((resource) => {
      const { 'Endpoint.Port': port } = this.attributes[`${resource.stack}/${resource.logicalId}`] ?? {};
      return [resource.ref, { engine: 'postgres', host: '127.0.0.1', port: Number(port), dbname: databaseName(resource), dbInstanceIdentifier: resource.ref }];
    }));
  }

  public async start(assembly: Assembly, secrets: SecretValues): Promise<LocalDatabase[]> {
    const resources = databasesOf(assembly);
    resources.forEach(requirePostgres);
    const saved = resources.map((resource): SavedDatabase => ({
      path: resource.path.replace(/\/Resource$/, ''),
      key: keyOf(resource),
      port: Number(this.attributes[`${resource.stack}/${resource.logicalId}`]?.['Endpoint.Port']),
      user: String(resource.properties.MasterUsername ?? 'postgres'),
      password: String(resource.properties.MasterUserPassword ?? 'postgres'),
      database: databaseName(resource),
    }));
    this.state.write(FILE, saved);
    const started = await startSavedDatabases(this.state);
    await Promise.all(resources.map((resource, index) => addUsers(String(started[index]?.url), resource, assembly, secrets)));
    return started;
  }
}

export interface SavedDatabase {
  readonly path: string; readonly key: string; readonly port: number; readonly user: string; readonly password: string; readonly database: string;
}

/** The databases of the last run, as the state folder remembers them. */
export function savedDatabases(state: StateFolder): readonly SavedDatabase[] {
  return state.read<SavedDatabase[]>(FILE) ?? [];
}

/** Where a database of the last run listens, for its master user. */
export function databaseUrl({ user, password, port, database }: SavedDatabase): string {
  return `postgres://${encodeURIComponent(user)}:${encodeURIComponent(password)}@127.0.0.1:${port}/${encodeURIComponent(database)}`;
}

/** Starts the databases of the last run again: no assembly is needed for that. */
export async function startSavedDatabases(state: StateFolder): Promise<LocalDatabase[]> {
  const saved = savedDatabases(state);
  const certificate = saved.length > 0 ? await localCertificate(certificateFolder(state)) : undefined;
  return Promise.all(saved.map(async ({ path, key, ...rest }) => {
    const server = await startPostgres({ ...rest, dir: state.database(key), certificate, pidFolder: state.pids });
    return { path, url: server.url, stop: () => server.stop() };
  }));
}

export function certificateFolder(state: StateFolder): string {
  return `${state.root}/tls`;
}

function databasesOf(assembly: Assembly): Resource[] {
  // An instance of a cluster is a server of the cluster, not a database of its own.
  return TYPES.flatMap((type) => assembly.ofType(type))
    .filter(({ properties }) => properties.DBClusterIdentifier === undefined || properties.Engine === undefined);
}

function keyOf(resource: Resource): string {
  return `${resource.stack}-${resource.logicalId}`;
}

function databaseName({ properties }: Resource): string {
  return String(properties.DBName ?? properties.DatabaseName ?? DEFAULT_DATABASE);
}

function requirePostgres({ path, properties }: Resource): void {
  const engine = String(properties.Engine ?? '');
  if (!/postgres/.test(engine)) throw new Error(`${path}: the engine ${engine} does not run locally; known: postgres, aurora-postgresql`);
}

/**
 * Users of secrets that are attached to a database. In an account a DBA makes them; here they may do what the grants
 * script of the loader gives: make schemas in the database.
 */
async function addUsers(url: string, resource: Resource, assembly: Assembly, secrets: SecretValues): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    for (const { properties } of assembly.ofType('AWS::SecretsManager::SecretTargetAttachment')) {
      if (String(properties.TargetId) !== resource.ref) continue;
      const { username, password } = secrets.json(String(properties.SecretId)) as { username?: string; password?: string };
      if (username === undefined || password === undefined || username === resource.properties.MasterUsername) continue;
      const { rowCount } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [username]);
      const user = client.escapeIdentifier(username);
      await client.query(`${rowCount === 0 ? 'CREATE' : 'ALTER'} ROLE ${user} LOGIN PASSWORD ${client.escapeLiteral(password)}`);
      await client.query(`GRANT CONNECT, CREATE ON DATABASE ${client.escapeIdentifier(databaseName(resource))} TO ${user}`);
      await client.query(`GRANT USAGE, CREATE ON SCHEMA public TO ${user}`);
    }
  } finally {
    await client.end();
  }
}
