// Turns a generated service into the definition that grpc-js wants, and into typed handlers and clients.
import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';
import { barkeep, grpc } from './gen/barkeep.js';

type Codec = {
  encode(message: object): { finish(): Uint8Array };
  decode(bytes: Uint8Array): object;
};
type GeneratedMethod = {
  readonly path: string;
  readonly requestType: string;
  readonly responseType: string;
  readonly requestStream?: boolean;
  readonly responseStream?: boolean;
};

function define(
  service: { readonly prototype: object },
  types: Readonly<Record<string, unknown>>,
): ServiceDefinition {
  const definition: Record<string, MethodDefinition<object, object>> = {};
  for (const [name, value] of Object.entries(service.prototype)) {
    const method = value as GeneratedMethod;
    if (typeof value !== 'function' || method.path === undefined) continue;
    const request = codec(types, method.requestType);
    const response = codec(types, method.responseType);
    definition[name] = {
      path: method.path,
      requestStream: method.requestStream ?? false,
      responseStream: method.responseStream ?? false,
      requestSerialize: request.serialize,
      requestDeserialize: request.deserialize,
      responseSerialize: response.serialize,
      responseDeserialize: response.deserialize,
      originalName: name,
    };
  }
  return definition;
}

function codec(types: Readonly<Record<string, unknown>>, name: string) {
  const type = types[name] as Codec | undefined;
  if (!type) throw new Error(`the generated code has no message ${name}`);
  return {
    serialize: (message: object): Buffer => {
      const bytes = type.encode(message).finish();
      return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    },
    deserialize: (bytes: Buffer): object => type.decode(bytes),
  };
}

export const brokerServiceDefinition = define(barkeep.v1.BrokerService, barkeep.v1);
export const adminServiceDefinition = define(barkeep.v1.AdminService, barkeep.v1);
export const healthServiceDefinition = define(grpc.health.v1.Health, grpc.health.v1);
