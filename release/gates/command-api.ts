import * as path from 'node:path';
import * as ts from 'typescript';
import type { Finding } from '../finding';

/** Why something is not compatible: its place, and the two types. */
interface Mismatch {
  readonly place: string;
  readonly what: string;
  readonly was?: string;
  readonly is?: string;
}

const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.Node16, moduleResolution: ts.ModuleResolutionKind.Node16,
  strict: true, skipLibCheck: true, noEmit: true,
  esModuleInterop: true, resolveJsonModule: true, types: ['node'],
};

/**
 * What a TypeScript package exports, in two versions of its sources: what takes must take all that it took, and what gives must give all that
 * it gave.
 * Classes are compared by their public members, since private ones make any two classes different for the compiler.
 *
 * @param paths where the sources of packages are that the entries import by name
 */
export function commandApiFindings(before: string, now: string, paths: Readonly<Record<string, string[]>> = {}): Finding[] {
  const program = ts.createProgram([before, now], { ...OPTIONS, baseUrl: undefined, paths });
  const checker = program.getTypeChecker();
  const [old, next] = [before, now].map((file) => exportsOf(program, checker, file));
  const findings: Finding[] = [];
  for (const [name, symbol] of old!) {
    const found = next!.get(name);
    const mismatches = found === undefined ? [{ place: name, what: 'is no longer exported' }] : new Comparison(checker).symbols(name, symbol, found);
    findings.push(...mismatches.map((mismatch) => finding(mismatch)));
  }
  for (const name of next!.keys()) {
    if (!old!.has(name)) findings.push({ gate: 'API', subject: name, what: 'is new', consequence: 'Programs may use it from this version on.', advice: 'Nothing to do: the minor version rises.', bump: 'minor' });
  }
  return findings;
}

function finding({ place, what, was, is }: Mismatch): Finding {
  return {
    gate: 'API', subject: place, what, was, is, consequence: 'Programs and tests of users that import it do not compile, or fail when they run.',
    advice: 'Keep what was there, marked @deprecated, until the next breaking release; make new inputs optional.', bump: 'major',
  };
}

function exportsOf(program: ts.Program, checker: ts.TypeChecker, file: string): Map<string, ts.Symbol> {
  const source = program.getSourceFile(path.resolve(file));
  const module = source && checker.getSymbolAtLocation(source);
  if (module === undefined) throw new Error(`${file} is no module that can be compared`);
  return new Map(checker.getExportsOfModule(module).map((symbol) => [
    symbol.name, (symbol.flags & ts.SymbolFlags.Alias) === 0 ? symbol : checker.getAliasedSymbol(symbol),
  ]));
}

class Comparison {
  private readonly seen = new Set<string>();
  private exported?: ts.Symbol;

  constructor(private readonly checker: ts.TypeChecker) {}

  symbols(name: string, old: ts.Symbol, next: ts.Symbol): Mismatch[] {
    this.exported = old;
    const found = (old.flags & ts.SymbolFlags.Value) === 0
      ? [] : this.gives(name, this.checker.getTypeOfSymbol(old), this.checker.getTypeOfSymbol(next));
    const isType = (old.flags & (ts.SymbolFlags.Interface | ts.SymbolFlags.TypeAlias | ts.SymbolFlags.Class)) !== 0;
    return isType ? [...found, ...this.gives(name, this.checker.getDeclaredTypeOfSymbol(old), this.checker.getDeclaredTypeOfSymbol(next))] : found;
  }

  /** What users are given: the new type must serve wherever the old one did. */
  private gives(place: string, old: ts.Type, next: ts.Type): Mismatch[] {
    if (this.checker.isTypeAssignableTo(next, old) && !this.hasCalls(old)) return [];
    const key = `${place} ${this.text(old)} ${this.text(next)}`;
    // Types refer to each other in circles.
    if (this.seen.has(key) || place.split('.').length > 6) return [];
    this.seen.add(key);
    // A member that may be missing is as compatible as it is where it is there.
    const [was, is] = [this.checker.getNonNullableType(old), this.checker.getNonNullableType(next)];
    if (was !== old && this.absences(old) === this.absences(next)) return this.gives(place, was, is);
    if ((old.flags & ts.TypeFlags.Object) === 0) return this.checker.isTypeAssignableTo(next, old) ? [] : [this.differs(place, old, next)];
    return [...this.members(place, old, next), ...this.signatures(place, old, next, ts.SignatureKind.Call), ...this.signatures(`new ${place}`, old, next, ts.SignatureKind.Construct)];
  }

  /** Whether it may be undefined, or null. */
  private absences(type: ts.Type): number {
    return type.isUnion() ? type.types.reduce((flags, each) => flags | (each.flags & (ts.TypeFlags.Undefined | ts.TypeFlags.Null)), 0) : 0;
  }

  private members(place: string, old: ts.Type, next: ts.Type): Mismatch[] {
    return this.publicMembers(old).flatMap((member): Mismatch[] => {
      const other = this.checker.getPropertyOfType(next, member.name);
      const inner = `${place}.${member.name}`;
      if (other === undefined) return [{ place: inner, what: 'is gone', was: this.text(this.checker.getTypeOfSymbol(member)) }];
      const becameOptional = (member.flags & ts.SymbolFlags.Optional) === 0 && (other.flags & ts.SymbolFlags.Optional) !== 0;
      if (becameOptional) return [{ place: inner, what: 'may be missing now' }];
      return this.gives(inner, this.checker.getTypeOfSymbol(member), this.checker.getTypeOfSymbol(other));
    });
  }

  private signatures(place: string, old: ts.Type, next: ts.Type, kind: ts.SignatureKind): Mismatch[] {
    const [was, is] = [old, next].map((type) => this.checker.getSignaturesOfType(type, kind));
    return was!.flatMap((signature, index): Mismatch[] => {
      const other = is![index];
      if (other === undefined) return [{ place, what: 'can no longer be called so', was: this.checker.signatureToString(signature) }];
      const required = (each: ts.Signature) => each.parameters.filter((parameter) => !this.isOptional(parameter)).length;
      if (required(other) > required(signature)) return [{ place, what: 'asks for more', was: this.checker.signatureToString(signature), is: this.checker.signatureToString(other) }];
      const inputs = signature.parameters.flatMap((parameter, position) => {
        const same = other.parameters[position];
        return same === undefined ? [] : this.takes(`${place}(${parameter.name})`, this.checker.getTypeOfSymbol(parameter), this.checker.getTypeOfSymbol(same));
      });
      // An object of the exported class is compared with the type that the class declares, once; one of a class behind another name is only here.
      if (signature.getReturnType().symbol === this.exported && kind === ts.SignatureKind.Construct) return inputs;
      return [...inputs, ...this.gives(`${place}()`, signature.getReturnType(), other.getReturnType())];
    });
  }

  /** What users give: what the old type took, the new one must take. */
  private takes(place: string, old: ts.Type, next: ts.Type): Mismatch[] {
    if (this.checker.isTypeAssignableTo(old, next)) return [];
    const required = this.publicMembers(next).filter((member) => (member.flags & ts.SymbolFlags.Optional) === 0
      && (this.checker.getPropertyOfType(old, member.name)?.flags ?? ts.SymbolFlags.Optional) & ts.SymbolFlags.Optional);
    if (required.length > 0) return required.map((member) => ({ place: `${place}.${member.name}`, what: 'is newly required', is: this.text(this.checker.getTypeOfSymbol(member)) }));
    // Classes of the package itself, which differ by their private members only.
    const sameClass = old.symbol !== undefined && old.symbol.name === next.symbol?.name && (old.symbol.flags & ts.SymbolFlags.Class) !== 0;
    return sameClass || this.text(old) === this.text(next) ? [] : [{ ...this.differs(place, old, next), what: 'takes less than before' }];
  }

  private publicMembers(type: ts.Type): ts.Symbol[] {
    return this.checker.getPropertiesOfType(type).filter((member) => member.name !== 'prototype' && !member.name.startsWith('__') && (member.declarations ?? []).every((declaration) =>
      (ts.getCombinedModifierFlags(declaration) & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected)) === 0
      // Members of the language and of other packages are the same for both.
      && !/[\\/]node_modules[\\/]/.test(declaration.getSourceFile().fileName)));
  }

  private hasCalls(type: ts.Type): boolean {
    return (type.flags & ts.TypeFlags.Object) !== 0
      && [ts.SignatureKind.Call, ts.SignatureKind.Construct].some((kind) => this.checker.getSignaturesOfType(type, kind).length > 0);
  }

  private isOptional(parameter: ts.Symbol): boolean {
    const declaration = parameter.valueDeclaration;
    return declaration !== undefined && ts.isParameter(declaration)
      && (declaration.questionToken !== undefined || declaration.initializer !== undefined || declaration.dotDotDotToken !== undefined);
  }

  private differs(place: string, old: ts.Type, next: ts.Type): Mismatch {
    return { place, what: 'is of another type', was: this.text(old), is: this.text(next) };
  }

  private text(type: ts.Type): string {
    return this.checker.typeToString(type, undefined, ts.TypeFormatFlags.NoTruncation).slice(0, 300);
  }
}
