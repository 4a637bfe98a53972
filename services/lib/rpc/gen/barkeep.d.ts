import * as $protobuf from "protobufjs/minimal.js";
import Long = require("long");

/** Namespace barkeep. */
export namespace barkeep {

    /** Namespace v1. */
    namespace v1 {

        /** Represents an AdminService */
        class AdminService extends $protobuf.rpc.Service {

            /**
             * Constructs a new AdminService service.
             * @param rpcImpl RPC implementation
             * @param [requestDelimited=false] Whether requests are length-delimited
             * @param [responseDelimited=false] Whether responses are length-delimited
             */
            constructor(rpcImpl: $protobuf.RPCImpl, requestDelimited?: boolean, responseDelimited?: boolean);

            /**
             * Creates new AdminService service using the specified rpc implementation.
             * @param rpcImpl RPC implementation
             * @param [requestDelimited=false] Whether requests are length-delimited
             * @param [responseDelimited=false] Whether responses are length-delimited
             * @returns RPC service. Useful where requests and/or responses are streamed.
             */
            static create(rpcImpl: $protobuf.RPCImpl, requestDelimited?: boolean, responseDelimited?: boolean): AdminService;

            /** Calls ListVms. */
            listVms: barkeep.v1.AdminService.ListVms;

            /** Calls GetVm. */
            getVm: barkeep.v1.AdminService.GetVm;

            /** Calls ListAllocations. */
            listAllocations: barkeep.v1.AdminService.ListAllocations;

            /** Calls GetAllocation. */
            getAllocation: barkeep.v1.AdminService.GetAllocation;

            /** Calls ListMappings. */
            listMappings: barkeep.v1.AdminService.ListMappings;

            /** Calls GetMapping. */
            getMapping: barkeep.v1.AdminService.GetMapping;

            /** Calls ListWindows. */
            listWindows: barkeep.v1.AdminService.ListWindows;

            /** Calls GetWindow. */
            getWindow: barkeep.v1.AdminService.GetWindow;

            /** Calls ListHeaps. */
            listHeaps: barkeep.v1.AdminService.ListHeaps;

            /** Calls GetHeap. */
            getHeap: barkeep.v1.AdminService.GetHeap;

            /** Calls OpenBlob. */
            openBlob: barkeep.v1.AdminService.OpenBlob;

            /** Calls WatchEvents. */
            watchEvents: barkeep.v1.AdminService.WatchEvents;

            /** Calls EvictVm. */
            evictVm: barkeep.v1.AdminService.EvictVm;

            /** Calls GetConfiguration. */
            getConfiguration: barkeep.v1.AdminService.GetConfiguration;

            /** Calls GetStatistics. */
            getStatistics: barkeep.v1.AdminService.GetStatistics;
        }

        namespace AdminService {

            /**
             * Callback as used by {@link barkeep.v1.AdminService#listVms}.
             * @param error Error, if any
             * @param [response] ListVmsResponse
             */
            type ListVmsCallback = (error: (Error|null), response?: barkeep.v1.ListVmsResponse) => void;

            /** Calls ListVms. */
            type ListVms = {
              (request: barkeep.v1.IListVmsRequest, callback: barkeep.v1.AdminService.ListVmsCallback): void;
              (request: barkeep.v1.IListVmsRequest): Promise<barkeep.v1.ListVmsResponse>;
              readonly name: "ListVms";
              readonly path: "/barkeep.v1.AdminService/ListVms";
              readonly requestType: "ListVmsRequest";
              readonly responseType: "ListVmsResponse";
              readonly requestStream: undefined;
              readonly responseStream: undefined;
            };

            /**
             * Callback as used by {@link barkeep.v1.AdminService#getVm}.
             * @param error Error, if any
             * @param [response] GetVmResponse
             */
            type GetVmCallback = (error: (Error|null), response?: barkeep.v1.GetVmResponse) => void;

            /** Calls GetVm. */
            type GetVm = {
              (request: barkeep.v1.IGetVmRequest, callback: barkeep.v1.AdminService.GetVmCallback): void;
              (request: barkeep.v1.IGetVmRequest): Promise<barkeep.v1.GetVmResponse>;
              readonly name: "GetVm";
              readonly path: "/barkeep.v1.AdminService/GetVm";
              readonly requestType: "GetVmRequest";
              readonly responseType: "GetVmResponse";
              readonly requestStream: undefined;
              readonly responseStream: undefined;
            };

            /**
             * Callback as used by {@link barkeep.v1.AdminService#listAllocations}.
             * @param error Error, if any
             * @param [response] ListAllocationsResponse
             */
            type ListAllocationsCallback = (error: (Error|null), response?: barkeep.v1.ListAllocationsResponse) => void;

            /** Calls ListAllocations. */
            type ListAllocations = {
              (request: barkeep.v1.IListAllocationsRequest, callback: barkeep.v1.AdminService.ListAllocationsCallback): void;
              (request: barkeep.v1.IListAllocationsRequest): Promise<barkeep.v1.ListAllocationsResponse>;
              readonly name: "ListAllocations";
              readonly path: "/barkeep.v1.AdminService/ListAllocations";
              readonly requestType: "ListAllocationsRequest";
              readonly responseType: "ListAllocationsResponse";
              readonly requestStream: undefined;
              readonly responseStream: undefined;
            };

            /**
             * Callback as used by {@link barkeep.v1.AdminService#getAllocation}.
             * @param error Error, if any
             * @param [response] GetAllocationResponse
             */
            type GetAllocationCallback = (error: (Error|null), response?: barkeep.v1.GetAllocationResponse) => void;

            /** Calls GetAllocation. */
            type GetAllocation = {
              (request: barkeep.v1.IGetAllocationRequest, callback: barkeep.v1.AdminService.GetAllocationCallback): void;
              (request: barkeep.v1.IGetAllocationRequest): Promise<barkeep.v1.GetAllocationResponse>;
              readonly name: "GetAllocation";
              readonly path: "/barkeep.v1.AdminService/GetAllocation";
              readonly requestType: "GetAllocationRequest";
              readonly responseType: "GetAllocationResponse";
              readonly requestStream: undefined;
              readonly responseStream: undefined;
            };

            /**
             * Callback as used by {@link barkeep.v1.AdminService#listMappings}.
             * @param error Error, if any
             * @param [response] ListMappingsResponse
             */
            type ListMappingsCallback = (error: (Error|null), response?: barkeep.v1.ListMappingsResponse) => void;

            /** Calls ListMappings. */
            type ListMappings = {
              (request: barkeep.v1.IListMappingsRequest, callback: barkeep.v1.AdminService.ListMappingsCallback): void;
              (request: barkeep.v1.IListMappingsRequest): Promise<barkeep.v1.ListMappingsResponse>;
              readonly name: "ListMappings";
              readonly path: "/barkeep.v1.AdminService/ListMappings";
              readonly requestType: "ListMappingsRequest";
              readonly responseType: "ListMappingsResponse";
              readonly requestStream: undefined;
              readonly responseStream: undefined;
            };

            /**
             * Callback as used by {@link barkeep.v1.AdminService#getMapping}.
             * @param error Error, if any
             * @param [response] GetMappingResponse
             */
            type GetMappingCallback = (error: (Error|null), response?: barkeep.v1.GetMappingResponse) => void;

            /** Calls GetMapping. */
            type GetMapping = {
              (request: barkeep.v1.IGetMappingRequest, callback: barkeep.v1.AdminService.GetMappingCallback): void;
              (request: barkeep.v1.IGetMappingRequest): Promise<barkeep.v1.GetMappingResponse>;
              readonly name: "GetMapping";
              readonly path: "/barkeep.v1.AdminService/GetMapping";
              readonly requestType: "GetMappingRequest";
              readonly responseType: "GetMappingResponse";
              readonly requestStream: undefined;
              readonly responseStream: undefined;
            };

            /**
             * Callback as used by {@link barkeep.v1.AdminService#listWindows}.
             * @param error Error, if any
             * @param [response] ListWindowsResponse
             */
            type ListWindowsCallback = (error: (Error|null), response?: barkeep.v1.ListWindowsResponse) => void;

            /** Calls ListWindows. */
            type ListWindows = {
              (request: barkeep.v1.IListWindowsRequest, callback: barkeep.v1.AdminService.ListWindowsCallback): void;
              (request: barkeep.v1.IListWindowsRequest): Promise<barkeep.v1.ListWindowsResponse>;
              readonly name: "ListWindows";
              readonly path: "/barkeep.v1.AdminService/ListWindows";
              readonly requestType: "ListWindowsRequest";
              readonly responseType: "ListWindowsResponse";
              readonly requestStream: undefined;
              readonly responseStream: undefined;
            };

            /**
             * Callback as used by {@link barkeep.v1.AdminService#getWindow}.
             * @param error Error, if any
             * @param [response] GetWindowResponse
             */
            type GetWindowCallback = (error: (Error|null), response?: barkeep.v1.GetWindowResponse) => void;

            /** Calls GetWindow. */
            type GetWindow = {
              (request: barkeep.v1.IGetWindowRequest, callback: barkeep.v1.AdminService.GetWindowCallback): void;
              (request: barkeep.v1.IGetWindowRequest): Promise<barkeep.v1.GetWindowResponse>;
              readonly name: "GetWindow";
              readonly path: "/barkeep.v1.AdminService/GetWindow";
              readonly requestType: "GetWindowRequest";
              readonly responseType: "GetWindowResponse";
              readonly requestStream: undefined;
              readonly responseStream: undefined;
            };

            /**
             * Callback as used by {@link barkeep.v1.AdminService#listHeaps}.
             * @param error Error, if any
             * @param [response] ListHeapsResponse
             */
            type ListHeapsCallback = (error: (Error|null), response?: barkeep.v1.ListHeapsResponse) => void;

            /** Calls ListHeaps. */
            type ListHeaps = {
              (request: barkeep.v1.IListHeapsRequest, callback: barkeep.v1.AdminService.ListHeapsCallback): void;
              (request: barkeep.v1.IListHeapsRequest): Promise<barkeep.v1.ListHeapsResponse>;
              readonly name: "ListHeaps";
              readonly path: "/barkeep.v1.AdminService/ListHeaps";
              readonly requestType: "ListHeapsRequest";
              readonly responseType: "ListHeapsResponse";
              readonly requestStream: undefined;
              readonly responseStream: undefined;
            };

            /**
             * Callback as used by {@link barkeep.v1.AdminService#getHeap}.
             * @param error Error, if any
             * @param [response] GetHeapResponse
             */
            type GetHeapCallback = (error: (Error|null), response?: barkeep.v1.GetHeapResponse) => void;

            /** Calls GetHeap. */
            type GetHeap = {
              (request: barkeep.v1.IGetHeapRequest, callback: barkeep.v1.AdminService.GetHeapCallback): void;
              (request: barkeep.v1.IGetHeapRequest): Promise<barkeep.v1.GetHeapResponse>;
              readonly name: "GetHeap";
              readonly path: "/barkeep.v1.AdminService/GetHeap";
              readonly requestType: "GetHeapRequest";
              readonly responseType: "GetHeapResponse";
              readonly requestStream: undefined;
              readonly responseStream: undefined;
            };

            /**
             * Callback as used by {@link barkeep.v1.AdminService#openBlob}.
             * @param error Error, if any
             * @param [response] OpenBlobResponse
             */
            type OpenBlobCallback = (error: (Error|null), response?: barkeep.v1.OpenBlobResponse) => void;

            /** Calls OpenBlob. */
            type OpenBlob = {
              (request: barkeep.v1.IOpenBlobRequest, callback: barkeep.v1.AdminService.OpenBlobCallback): void;
              (request: barkeep.v1.IOpenBlobRequest): Promise<barkeep.v1.OpenBlobResponse>;
              readonly name: "OpenBlob";
              readonly path: "/barkeep.v1.AdminService/OpenBlob";
              readonly requestType: "OpenBlobRequest";
              readonly responseType: "OpenBlobResponse";
              readonly requestStream: undefined;
              readonly responseStream: undefined;
            };

            /**
             * Callback as used by {@link barkeep.v1.AdminService#watchEvents}.
             * @param error Error, if any
             * @param [response] WatchEventsResponse
             */
            type WatchEventsCallback = (error: (Error|null), response?: barkeep.v1.WatchEventsResponse) => void;

            /** Calls WatchEvents. */
            type WatchEvents = {
              (request: barkeep.v1.IWatchEventsRequest, callback: barkeep.v1.AdminService.WatchEventsCallback): void;
              (request: barkeep.v1.IWatchEventsRequest): Promise<barkeep.v1.WatchEventsResponse>;
              readonly name: "WatchEvents";
              readonly path: "/barkeep.v1.AdminService/WatchEvents";
              readonly requestType: "WatchEventsRequest";
              readonly responseType: "WatchEventsResponse";
              readonly requestStream: undefined;
              readonly responseStream: true;
            };

            /**
             * Callback as used by {@link barkeep.v1.AdminService#evictVm}.
             * @param error Error, if any
             * @param [response] EvictVmResponse
             */
            type EvictVmCallback = (error: (Error|null), response?: barkeep.v1.EvictVmResponse) => void;

            /** Calls EvictVm. */
            type EvictVm = {
              (request: barkeep.v1.IEvictVmRequest, callback: barkeep.v1.AdminService.EvictVmCallback): void;
              (request: barkeep.v1.IEvictVmRequest): Promise<barkeep.v1.EvictVmResponse>;
              readonly name: "EvictVm";
              readonly path: "/barkeep.v1.AdminService/EvictVm";
              readonly requestType: "EvictVmRequest";
              readonly responseType: "EvictVmResponse";
              readonly requestStream: undefined;
              readonly responseStream: undefined;
            };

            /**
             * Callback as used by {@link barkeep.v1.AdminService#getConfiguration}.
             * @param error Error, if any
             * @param [response] GetConfigurationResponse
             */
            type GetConfigurationCallback = (error: (Error|null), response?: barkeep.v1.GetConfigurationResponse) => void;

            /** Calls GetConfiguration. */
            type GetConfiguration = {
              (request: barkeep.v1.IGetConfigurationRequest, callback: barkeep.v1.AdminService.GetConfigurationCallback): void;
              (request: barkeep.v1.IGetConfigurationRequest): Promise<barkeep.v1.GetConfigurationResponse>;
              readonly name: "GetConfiguration";
              readonly path: "/barkeep.v1.AdminService/GetConfiguration";
              readonly requestType: "GetConfigurationRequest";
              readonly responseType: "GetConfigurationResponse";
              readonly requestStream: undefined;
              readonly responseStream: undefined;
            };

            /**
             * Callback as used by {@link barkeep.v1.AdminService#getStatistics}.
             * @param error Error, if any
             * @param [response] GetStatisticsResponse
             */
            type GetStatisticsCallback = (error: (Error|null), response?: barkeep.v1.GetStatisticsResponse) => void;

            /** Calls GetStatistics. */
            type GetStatistics = {
              (request: barkeep.v1.IGetStatisticsRequest, callback: barkeep.v1.AdminService.GetStatisticsCallback): void;
              (request: barkeep.v1.IGetStatisticsRequest): Promise<barkeep.v1.GetStatisticsResponse>;
              readonly name: "GetStatistics";
              readonly path: "/barkeep.v1.AdminService/GetStatistics";
              readonly requestType: "GetStatisticsRequest";
              readonly responseType: "GetStatisticsResponse";
              readonly requestStream: undefined;
              readonly responseStream: undefined;
            };
        }

        /** VmState enum. */
        enum VmState {

            /** VM_STATE_UNSPECIFIED value */
            VM_STATE_UNSPECIFIED = 0,

            /** VM_STATE_DETACHED value */
            VM_STATE_DETACHED = 1,

            /** VM_STATE_ATTACHED value */
            VM_STATE_ATTACHED = 2,

            /** VM_STATE_ORPHANED value */
            VM_STATE_ORPHANED = 3,

            /** VM_STATE_SUSPENDED value */
            VM_STATE_SUSPENDED = 4
        }

        /**
         * Properties of a Quota.
         * @deprecated Use barkeep.v1.Quota.$Properties instead.
         */
        interface IQuota extends barkeep.v1.Quota.$Properties {
        }

        /** Represents a Quota. */
        class Quota {

            /**
             * Constructs a new Quota.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.Quota.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Quota bytes. */
            bytes: (number|Long);

            /** Quota mappings. */
            mappings: (number|Long);

            /** Quota allocations. */
            allocations: (number|Long);

            /**
             * Creates a new Quota instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Quota instance
             */
            static create(properties: barkeep.v1.Quota.$Shape): barkeep.v1.Quota & barkeep.v1.Quota.$Shape;
            static create(properties?: barkeep.v1.Quota.$Properties): barkeep.v1.Quota;

            /**
             * Encodes the specified Quota message. Does not implicitly {@link barkeep.v1.Quota.verify|verify} messages.
             * @param m Quota message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.Quota.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Quota message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.Quota & barkeep.v1.Quota.$Shape} Quota
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.Quota & barkeep.v1.Quota.$Shape;
        }

        namespace Quota {

            /** Properties of a Quota. */
            interface $Properties {

                /** Quota bytes */
                bytes?: (number|Long|null);

                /** Quota mappings */
                mappings?: (number|Long|null);

                /** Quota allocations */
                allocations?: (number|Long|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Quota. */
            type $Shape = barkeep.v1.Quota.$Properties;
        }

        /**
         * Properties of a Vm.
         * @deprecated Use barkeep.v1.Vm.$Properties instead.
         */
        interface IVm extends barkeep.v1.Vm.$Properties {
        }

        /** Represents a Vm. */
        class Vm {

            /**
             * Constructs a new Vm.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.Vm.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Vm name. */
            name: string;

            /** Vm state. */
            state: barkeep.v1.VmState;

            /** Vm placement. */
            placement: barkeep.v1.Placement;

            /** Vm windowSize. */
            windowSize: (number|Long);

            /** Vm defaultHeap. */
            defaultHeap: string;

            /** Vm quota. */
            quota?: (barkeep.v1.Quota.$Properties|null);

            /** Vm generation. */
            generation: (number|Long);

            /** Vm allocations. */
            allocations: (number|Long);

            /** Vm allocatedBytes. */
            allocatedBytes: (number|Long);

            /** Vm mappings. */
            mappings: (number|Long);

            /** Vm mappedBytes. */
            mappedBytes: (number|Long);

            /** Vm frontendPid. */
            frontendPid: number;

            /** Vm stateSince. */
            stateSince: number;

            /** Vm graceLeft. */
            graceLeft: number;

            /** Vm vmm. */
            vmm?: (barkeep.v1.VmmStatus.$Properties|null);

            /** Vm blobHeaps. */
            blobHeaps: barkeep.v1.BlobHeap.$Properties[];

            /** Vm attachedBy. */
            attachedBy: string;

            /** Vm pending. */
            pending: barkeep.v1.PendingChange.$Properties[];

            /** Vm scanouts. */
            scanouts: number;

            /** Vm decides. */
            decides: boolean;

            /** Vm grant. */
            grant?: (barkeep.v1.VmGrant.$Properties|null);

            /** Vm accountsVersion. */
            accountsVersion: (number|Long);

            /** Vm untoldBlobs. */
            untoldBlobs: (number|Long);

            /** Vm strayBytes. */
            strayBytes: (number|Long);

            /** Vm suspension. */
            suspension: string;

            /** Vm outOfRoom. */
            outOfRoom: string;

            /** Vm beyondGrantBytes. */
            beyondGrantBytes: (number|Long);

            /** Vm frontendVms. */
            frontendVms: number;

            /**
             * Creates a new Vm instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Vm instance
             */
            static create(properties: barkeep.v1.Vm.$Shape): barkeep.v1.Vm & barkeep.v1.Vm.$Shape;
            static create(properties?: barkeep.v1.Vm.$Properties): barkeep.v1.Vm;

            /**
             * Encodes the specified Vm message. Does not implicitly {@link barkeep.v1.Vm.verify|verify} messages.
             * @param m Vm message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.Vm.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Vm message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.Vm & barkeep.v1.Vm.$Shape} Vm
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.Vm & barkeep.v1.Vm.$Shape;
        }

        namespace Vm {

            /** Properties of a Vm. */
            interface $Properties {

                /** Vm name */
                name?: (string|null);

                /** Vm state */
                state?: (barkeep.v1.VmState|null);

                /** Vm placement */
                placement?: (barkeep.v1.Placement|null);

                /** Vm windowSize */
                windowSize?: (number|Long|null);

                /** Vm defaultHeap */
                defaultHeap?: (string|null);

                /** Vm quota */
                quota?: (barkeep.v1.Quota.$Properties|null);

                /** Vm generation */
                generation?: (number|Long|null);

                /** Vm allocations */
                allocations?: (number|Long|null);

                /** Vm allocatedBytes */
                allocatedBytes?: (number|Long|null);

                /** Vm mappings */
                mappings?: (number|Long|null);

                /** Vm mappedBytes */
                mappedBytes?: (number|Long|null);

                /** Vm frontendPid */
                frontendPid?: (number|null);

                /** Vm stateSince */
                stateSince?: (number|null);

                /** Vm graceLeft */
                graceLeft?: (number|null);

                /** Vm vmm */
                vmm?: (barkeep.v1.VmmStatus.$Properties|null);

                /** Vm blobHeaps */
                blobHeaps?: (barkeep.v1.BlobHeap.$Properties[]|null);

                /** Vm attachedBy */
                attachedBy?: (string|null);

                /** Vm pending */
                pending?: (barkeep.v1.PendingChange.$Properties[]|null);

                /** Vm scanouts */
                scanouts?: (number|null);

                /** Vm decides */
                decides?: (boolean|null);

                /** Vm grant */
                grant?: (barkeep.v1.VmGrant.$Properties|null);

                /** Vm accountsVersion */
                accountsVersion?: (number|Long|null);

                /** Vm untoldBlobs */
                untoldBlobs?: (number|Long|null);

                /** Vm strayBytes */
                strayBytes?: (number|Long|null);

                /** Vm suspension */
                suspension?: (string|null);

                /** Vm outOfRoom */
                outOfRoom?: (string|null);

                /** Vm beyondGrantBytes */
                beyondGrantBytes?: (number|Long|null);

                /** Vm frontendVms */
                frontendVms?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Vm. */
            type $Shape = barkeep.v1.Vm.$Properties;
        }

        /**
         * Properties of a VmGrant.
         * @deprecated Use barkeep.v1.VmGrant.$Properties instead.
         */
        interface IVmGrant extends barkeep.v1.VmGrant.$Properties {
        }

        /** Represents a VmGrant. */
        class VmGrant {

            /**
             * Constructs a new VmGrant.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.VmGrant.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** VmGrant heaps. */
            heaps: barkeep.v1.HeapGrant.$Properties[];

            /** VmGrant mappings. */
            mappings: (number|Long);

            /** VmGrant allocations. */
            allocations: (number|Long);

            /**
             * Creates a new VmGrant instance using the specified properties.
             * @param [properties] Properties to set
             * @returns VmGrant instance
             */
            static create(properties: barkeep.v1.VmGrant.$Shape): barkeep.v1.VmGrant & barkeep.v1.VmGrant.$Shape;
            static create(properties?: barkeep.v1.VmGrant.$Properties): barkeep.v1.VmGrant;

            /**
             * Encodes the specified VmGrant message. Does not implicitly {@link barkeep.v1.VmGrant.verify|verify} messages.
             * @param m VmGrant message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.VmGrant.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a VmGrant message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.VmGrant & barkeep.v1.VmGrant.$Shape} VmGrant
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.VmGrant & barkeep.v1.VmGrant.$Shape;
        }

        namespace VmGrant {

            /** Properties of a VmGrant. */
            interface $Properties {

                /** VmGrant heaps */
                heaps?: (barkeep.v1.HeapGrant.$Properties[]|null);

                /** VmGrant mappings */
                mappings?: (number|Long|null);

                /** VmGrant allocations */
                allocations?: (number|Long|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a VmGrant. */
            type $Shape = barkeep.v1.VmGrant.$Properties;
        }

        /**
         * Properties of a HeapGrant.
         * @deprecated Use barkeep.v1.HeapGrant.$Properties instead.
         */
        interface IHeapGrant extends barkeep.v1.HeapGrant.$Properties {
        }

        /** Represents a HeapGrant. */
        class HeapGrant {

            /**
             * Constructs a new HeapGrant.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.HeapGrant.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** HeapGrant heap. */
            heap: string;

            /** HeapGrant bytes. */
            bytes: (number|Long);

            /** HeapGrant idle. */
            idle: (number|Long);

            /**
             * Creates a new HeapGrant instance using the specified properties.
             * @param [properties] Properties to set
             * @returns HeapGrant instance
             */
            static create(properties: barkeep.v1.HeapGrant.$Shape): barkeep.v1.HeapGrant & barkeep.v1.HeapGrant.$Shape;
            static create(properties?: barkeep.v1.HeapGrant.$Properties): barkeep.v1.HeapGrant;

            /**
             * Encodes the specified HeapGrant message. Does not implicitly {@link barkeep.v1.HeapGrant.verify|verify} messages.
             * @param m HeapGrant message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.HeapGrant.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a HeapGrant message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.HeapGrant & barkeep.v1.HeapGrant.$Shape} HeapGrant
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.HeapGrant & barkeep.v1.HeapGrant.$Shape;
        }

        namespace HeapGrant {

            /** Properties of a HeapGrant. */
            interface $Properties {

                /** HeapGrant heap */
                heap?: (string|null);

                /** HeapGrant bytes */
                bytes?: (number|Long|null);

                /** HeapGrant idle */
                idle?: (number|Long|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a HeapGrant. */
            type $Shape = barkeep.v1.HeapGrant.$Properties;
        }

        /**
         * Properties of a BlobHeap.
         * @deprecated Use barkeep.v1.BlobHeap.$Properties instead.
         */
        interface IBlobHeap extends barkeep.v1.BlobHeap.$Properties {
        }

        /** Represents a BlobHeap. */
        class BlobHeap {

            /**
             * Constructs a new BlobHeap.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.BlobHeap.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** BlobHeap blobId. */
            blobId: (number|Long);

            /** BlobHeap heap. */
            heap: string;

            /**
             * Creates a new BlobHeap instance using the specified properties.
             * @param [properties] Properties to set
             * @returns BlobHeap instance
             */
            static create(properties: barkeep.v1.BlobHeap.$Shape): barkeep.v1.BlobHeap & barkeep.v1.BlobHeap.$Shape;
            static create(properties?: barkeep.v1.BlobHeap.$Properties): barkeep.v1.BlobHeap;

            /**
             * Encodes the specified BlobHeap message. Does not implicitly {@link barkeep.v1.BlobHeap.verify|verify} messages.
             * @param m BlobHeap message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.BlobHeap.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a BlobHeap message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.BlobHeap & barkeep.v1.BlobHeap.$Shape} BlobHeap
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.BlobHeap & barkeep.v1.BlobHeap.$Shape;
        }

        namespace BlobHeap {

            /** Properties of a BlobHeap. */
            interface $Properties {

                /** BlobHeap blobId */
                blobId?: (number|Long|null);

                /** BlobHeap heap */
                heap?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a BlobHeap. */
            type $Shape = barkeep.v1.BlobHeap.$Properties;
        }

        /**
         * Properties of a PendingChange.
         * @deprecated Use barkeep.v1.PendingChange.$Properties instead.
         */
        interface IPendingChange extends barkeep.v1.PendingChange.$Properties {
        }

        /** Represents a PendingChange. */
        class PendingChange {

            /**
             * Constructs a new PendingChange.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.PendingChange.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** PendingChange setting. */
            setting: string;

            /** PendingChange now. */
            now: string;

            /** PendingChange next. */
            next: string;

            /**
             * Creates a new PendingChange instance using the specified properties.
             * @param [properties] Properties to set
             * @returns PendingChange instance
             */
            static create(properties: barkeep.v1.PendingChange.$Shape): barkeep.v1.PendingChange & barkeep.v1.PendingChange.$Shape;
            static create(properties?: barkeep.v1.PendingChange.$Properties): barkeep.v1.PendingChange;

            /**
             * Encodes the specified PendingChange message. Does not implicitly {@link barkeep.v1.PendingChange.verify|verify} messages.
             * @param m PendingChange message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.PendingChange.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a PendingChange message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.PendingChange & barkeep.v1.PendingChange.$Shape} PendingChange
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.PendingChange & barkeep.v1.PendingChange.$Shape;
        }

        namespace PendingChange {

            /** Properties of a PendingChange. */
            interface $Properties {

                /** PendingChange setting */
                setting?: (string|null);

                /** PendingChange now */
                now?: (string|null);

                /** PendingChange next */
                next?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a PendingChange. */
            type $Shape = barkeep.v1.PendingChange.$Properties;
        }

        /**
         * Properties of an EvictVmRequest.
         * @deprecated Use barkeep.v1.EvictVmRequest.$Properties instead.
         */
        interface IEvictVmRequest extends barkeep.v1.EvictVmRequest.$Properties {
        }

        /** Represents an EvictVmRequest. */
        class EvictVmRequest {

            /**
             * Constructs a new EvictVmRequest.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.EvictVmRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** EvictVmRequest vm. */
            vm: string;

            /** EvictVmRequest force. */
            force: boolean;

            /**
             * Creates a new EvictVmRequest instance using the specified properties.
             * @param [properties] Properties to set
             * @returns EvictVmRequest instance
             */
            static create(properties: barkeep.v1.EvictVmRequest.$Shape): barkeep.v1.EvictVmRequest & barkeep.v1.EvictVmRequest.$Shape;
            static create(properties?: barkeep.v1.EvictVmRequest.$Properties): barkeep.v1.EvictVmRequest;

            /**
             * Encodes the specified EvictVmRequest message. Does not implicitly {@link barkeep.v1.EvictVmRequest.verify|verify} messages.
             * @param m EvictVmRequest message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.EvictVmRequest.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an EvictVmRequest message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.EvictVmRequest & barkeep.v1.EvictVmRequest.$Shape} EvictVmRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.EvictVmRequest & barkeep.v1.EvictVmRequest.$Shape;
        }

        namespace EvictVmRequest {

            /** Properties of an EvictVmRequest. */
            interface $Properties {

                /** EvictVmRequest vm */
                vm?: (string|null);

                /** EvictVmRequest force */
                force?: (boolean|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an EvictVmRequest. */
            type $Shape = barkeep.v1.EvictVmRequest.$Properties;
        }

        /**
         * Properties of an EvictVmResponse.
         * @deprecated Use barkeep.v1.EvictVmResponse.$Properties instead.
         */
        interface IEvictVmResponse extends barkeep.v1.EvictVmResponse.$Properties {
        }

        /** Represents an EvictVmResponse. */
        class EvictVmResponse {

            /**
             * Constructs a new EvictVmResponse.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.EvictVmResponse.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** EvictVmResponse evicted. */
            evicted: boolean;

            /** EvictVmResponse awaitedPid. */
            awaitedPid: number;

            /**
             * Creates a new EvictVmResponse instance using the specified properties.
             * @param [properties] Properties to set
             * @returns EvictVmResponse instance
             */
            static create(properties: barkeep.v1.EvictVmResponse.$Shape): barkeep.v1.EvictVmResponse & barkeep.v1.EvictVmResponse.$Shape;
            static create(properties?: barkeep.v1.EvictVmResponse.$Properties): barkeep.v1.EvictVmResponse;

            /**
             * Encodes the specified EvictVmResponse message. Does not implicitly {@link barkeep.v1.EvictVmResponse.verify|verify} messages.
             * @param m EvictVmResponse message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.EvictVmResponse.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an EvictVmResponse message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.EvictVmResponse & barkeep.v1.EvictVmResponse.$Shape} EvictVmResponse
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.EvictVmResponse & barkeep.v1.EvictVmResponse.$Shape;
        }

        namespace EvictVmResponse {

            /** Properties of an EvictVmResponse. */
            interface $Properties {

                /** EvictVmResponse evicted */
                evicted?: (boolean|null);

                /** EvictVmResponse awaitedPid */
                awaitedPid?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an EvictVmResponse. */
            type $Shape = barkeep.v1.EvictVmResponse.$Properties;
        }

        /**
         * Properties of an Allocation.
         * @deprecated Use barkeep.v1.Allocation.$Properties instead.
         */
        interface IAllocation extends barkeep.v1.Allocation.$Properties {
        }

        /** Represents an Allocation. */
        class Allocation {

            /**
             * Constructs a new Allocation.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.Allocation.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Allocation vm. */
            vm: string;

            /** Allocation contextId. */
            contextId: number;

            /** Allocation blobId. */
            blobId: (number|Long);

            /** Allocation resourceId. */
            resourceId: number;

            /** Allocation heap. */
            heap: string;

            /** Allocation cache. */
            cache: barkeep.v1.CacheType;

            /** Allocation size. */
            size: (number|Long);

            /** Allocation chargedBytes. */
            chargedBytes: (number|Long);

            /** Allocation mapped. */
            mapped: boolean;

            /**
             * Creates a new Allocation instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Allocation instance
             */
            static create(properties: barkeep.v1.Allocation.$Shape): barkeep.v1.Allocation & barkeep.v1.Allocation.$Shape;
            static create(properties?: barkeep.v1.Allocation.$Properties): barkeep.v1.Allocation;

            /**
             * Encodes the specified Allocation message. Does not implicitly {@link barkeep.v1.Allocation.verify|verify} messages.
             * @param m Allocation message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.Allocation.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an Allocation message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.Allocation & barkeep.v1.Allocation.$Shape} Allocation
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.Allocation & barkeep.v1.Allocation.$Shape;
        }

        namespace Allocation {

            /** Properties of an Allocation. */
            interface $Properties {

                /** Allocation vm */
                vm?: (string|null);

                /** Allocation contextId */
                contextId?: (number|null);

                /** Allocation blobId */
                blobId?: (number|Long|null);

                /** Allocation resourceId */
                resourceId?: (number|null);

                /** Allocation heap */
                heap?: (string|null);

                /** Allocation cache */
                cache?: (barkeep.v1.CacheType|null);

                /** Allocation size */
                size?: (number|Long|null);

                /** Allocation chargedBytes */
                chargedBytes?: (number|Long|null);

                /** Allocation mapped */
                mapped?: (boolean|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an Allocation. */
            type $Shape = barkeep.v1.Allocation.$Properties;
        }

        /**
         * Properties of a Mapping.
         * @deprecated Use barkeep.v1.Mapping.$Properties instead.
         */
        interface IMapping extends barkeep.v1.Mapping.$Properties {
        }

        /** Represents a Mapping. */
        class Mapping {

            /**
             * Constructs a new Mapping.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.Mapping.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Mapping vm. */
            vm: string;

            /** Mapping resourceId. */
            resourceId: number;

            /** Mapping offset. */
            offset: (number|Long);

            /** Mapping size. */
            size: (number|Long);

            /** Mapping cache. */
            cache: barkeep.v1.CacheType;

            /** Mapping heap. */
            heap: string;

            /**
             * Creates a new Mapping instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Mapping instance
             */
            static create(properties: barkeep.v1.Mapping.$Shape): barkeep.v1.Mapping & barkeep.v1.Mapping.$Shape;
            static create(properties?: barkeep.v1.Mapping.$Properties): barkeep.v1.Mapping;

            /**
             * Encodes the specified Mapping message. Does not implicitly {@link barkeep.v1.Mapping.verify|verify} messages.
             * @param m Mapping message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.Mapping.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Mapping message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.Mapping & barkeep.v1.Mapping.$Shape} Mapping
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.Mapping & barkeep.v1.Mapping.$Shape;
        }

        namespace Mapping {

            /** Properties of a Mapping. */
            interface $Properties {

                /** Mapping vm */
                vm?: (string|null);

                /** Mapping resourceId */
                resourceId?: (number|null);

                /** Mapping offset */
                offset?: (number|Long|null);

                /** Mapping size */
                size?: (number|Long|null);

                /** Mapping cache */
                cache?: (barkeep.v1.CacheType|null);

                /** Mapping heap */
                heap?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Mapping. */
            type $Shape = barkeep.v1.Mapping.$Properties;
        }

        /**
         * Properties of a Window.
         * @deprecated Use barkeep.v1.Window.$Properties instead.
         */
        interface IWindow extends barkeep.v1.Window.$Properties {
        }

        /** Represents a Window. */
        class Window {

            /**
             * Constructs a new Window.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.Window.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Window vm. */
            vm: string;

            /** Window size. */
            size: (number|Long);

            /** Window placement. */
            placement: barkeep.v1.Placement;

            /** Window mappedBytes. */
            mappedBytes: (number|Long);

            /** Window freeBytes. */
            freeBytes: (number|Long);

            /** Window largestFreeExtent. */
            largestFreeExtent: (number|Long);

            /** Window holes. */
            holes: (number|Long);

            /** Window mappings. */
            mappings: (number|Long);

            /** Window parkedBytes. */
            parkedBytes: (number|Long);

            /** Window strayBytes. */
            strayBytes: (number|Long);

            /**
             * Creates a new Window instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Window instance
             */
            static create(properties: barkeep.v1.Window.$Shape): barkeep.v1.Window & barkeep.v1.Window.$Shape;
            static create(properties?: barkeep.v1.Window.$Properties): barkeep.v1.Window;

            /**
             * Encodes the specified Window message. Does not implicitly {@link barkeep.v1.Window.verify|verify} messages.
             * @param m Window message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.Window.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Window message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.Window & barkeep.v1.Window.$Shape} Window
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.Window & barkeep.v1.Window.$Shape;
        }

        namespace Window {

            /** Properties of a Window. */
            interface $Properties {

                /** Window vm */
                vm?: (string|null);

                /** Window size */
                size?: (number|Long|null);

                /** Window placement */
                placement?: (barkeep.v1.Placement|null);

                /** Window mappedBytes */
                mappedBytes?: (number|Long|null);

                /** Window freeBytes */
                freeBytes?: (number|Long|null);

                /** Window largestFreeExtent */
                largestFreeExtent?: (number|Long|null);

                /** Window holes */
                holes?: (number|Long|null);

                /** Window mappings */
                mappings?: (number|Long|null);

                /** Window parkedBytes */
                parkedBytes?: (number|Long|null);

                /** Window strayBytes */
                strayBytes?: (number|Long|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Window. */
            type $Shape = barkeep.v1.Window.$Properties;
        }

        /**
         * Properties of a Range.
         * @deprecated Use barkeep.v1.Range.$Properties instead.
         */
        interface IRange extends barkeep.v1.Range.$Properties {
        }

        /** Represents a Range. */
        class Range {

            /**
             * Constructs a new Range.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.Range.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Range offset. */
            offset: (number|Long);

            /** Range size. */
            size: (number|Long);

            /** Range resourceId. */
            resourceId: number;

            /** Range cache. */
            cache: barkeep.v1.CacheType;

            /** Range parked. */
            parked: boolean;

            /**
             * Creates a new Range instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Range instance
             */
            static create(properties: barkeep.v1.Range.$Shape): barkeep.v1.Range & barkeep.v1.Range.$Shape;
            static create(properties?: barkeep.v1.Range.$Properties): barkeep.v1.Range;

            /**
             * Encodes the specified Range message. Does not implicitly {@link barkeep.v1.Range.verify|verify} messages.
             * @param m Range message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.Range.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Range message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.Range & barkeep.v1.Range.$Shape} Range
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.Range & barkeep.v1.Range.$Shape;
        }

        namespace Range {

            /** Properties of a Range. */
            interface $Properties {

                /** Range offset */
                offset?: (number|Long|null);

                /** Range size */
                size?: (number|Long|null);

                /** Range resourceId */
                resourceId?: (number|null);

                /** Range cache */
                cache?: (barkeep.v1.CacheType|null);

                /** Range parked */
                parked?: (boolean|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Range. */
            type $Shape = barkeep.v1.Range.$Properties;
        }

        /**
         * Properties of a Heap.
         * @deprecated Use barkeep.v1.Heap.$Properties instead.
         */
        interface IHeap extends barkeep.v1.Heap.$Properties {
        }

        /** Represents a Heap. */
        class Heap {

            /**
             * Constructs a new Heap.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.Heap.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Heap name. */
            name: string;

            /** Heap backing. */
            backing: barkeep.v1.Backing;

            /** Heap cache. */
            cache: barkeep.v1.CacheType;

            /** Heap capacity. */
            capacity: (number|Long);

            /** Heap used. */
            used: (number|Long);

            /** Heap allocations. */
            allocations: (number|Long);

            /** Heap path. */
            path: string;

            /** Heap pending. */
            pending: barkeep.v1.PendingChange.$Properties[];

            /** Heap idle. */
            idle: (number|Long);

            /**
             * Creates a new Heap instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Heap instance
             */
            static create(properties: barkeep.v1.Heap.$Shape): barkeep.v1.Heap & barkeep.v1.Heap.$Shape;
            static create(properties?: barkeep.v1.Heap.$Properties): barkeep.v1.Heap;

            /**
             * Encodes the specified Heap message. Does not implicitly {@link barkeep.v1.Heap.verify|verify} messages.
             * @param m Heap message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.Heap.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Heap message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.Heap & barkeep.v1.Heap.$Shape} Heap
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.Heap & barkeep.v1.Heap.$Shape;
        }

        namespace Heap {

            /** Properties of a Heap. */
            interface $Properties {

                /** Heap name */
                name?: (string|null);

                /** Heap backing */
                backing?: (barkeep.v1.Backing|null);

                /** Heap cache */
                cache?: (barkeep.v1.CacheType|null);

                /** Heap capacity */
                capacity?: (number|Long|null);

                /** Heap used */
                used?: (number|Long|null);

                /** Heap allocations */
                allocations?: (number|Long|null);

                /** Heap path */
                path?: (string|null);

                /** Heap pending */
                pending?: (barkeep.v1.PendingChange.$Properties[]|null);

                /** Heap idle */
                idle?: (number|Long|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Heap. */
            type $Shape = barkeep.v1.Heap.$Properties;
        }

        /**
         * Properties of a ListVmsRequest.
         * @deprecated Use barkeep.v1.ListVmsRequest.$Properties instead.
         */
        interface IListVmsRequest extends barkeep.v1.ListVmsRequest.$Properties {
        }

        /** Represents a ListVmsRequest. */
        class ListVmsRequest {

            /**
             * Constructs a new ListVmsRequest.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.ListVmsRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** ListVmsRequest pageSize. */
            pageSize: number;

            /** ListVmsRequest pageToken. */
            pageToken: string;

            /**
             * Creates a new ListVmsRequest instance using the specified properties.
             * @param [properties] Properties to set
             * @returns ListVmsRequest instance
             */
            static create(properties: barkeep.v1.ListVmsRequest.$Shape): barkeep.v1.ListVmsRequest & barkeep.v1.ListVmsRequest.$Shape;
            static create(properties?: barkeep.v1.ListVmsRequest.$Properties): barkeep.v1.ListVmsRequest;

            /**
             * Encodes the specified ListVmsRequest message. Does not implicitly {@link barkeep.v1.ListVmsRequest.verify|verify} messages.
             * @param m ListVmsRequest message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.ListVmsRequest.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a ListVmsRequest message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.ListVmsRequest & barkeep.v1.ListVmsRequest.$Shape} ListVmsRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.ListVmsRequest & barkeep.v1.ListVmsRequest.$Shape;
        }

        namespace ListVmsRequest {

            /** Properties of a ListVmsRequest. */
            interface $Properties {

                /** ListVmsRequest pageSize */
                pageSize?: (number|null);

                /** ListVmsRequest pageToken */
                pageToken?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a ListVmsRequest. */
            type $Shape = barkeep.v1.ListVmsRequest.$Properties;
        }

        /**
         * Properties of a ListVmsResponse.
         * @deprecated Use barkeep.v1.ListVmsResponse.$Properties instead.
         */
        interface IListVmsResponse extends barkeep.v1.ListVmsResponse.$Properties {
        }

        /** Represents a ListVmsResponse. */
        class ListVmsResponse {

            /**
             * Constructs a new ListVmsResponse.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.ListVmsResponse.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** ListVmsResponse vms. */
            vms: barkeep.v1.Vm.$Properties[];

            /** ListVmsResponse nextPageToken. */
            nextPageToken: string;

            /**
             * Creates a new ListVmsResponse instance using the specified properties.
             * @param [properties] Properties to set
             * @returns ListVmsResponse instance
             */
            static create(properties: barkeep.v1.ListVmsResponse.$Shape): barkeep.v1.ListVmsResponse & barkeep.v1.ListVmsResponse.$Shape;
            static create(properties?: barkeep.v1.ListVmsResponse.$Properties): barkeep.v1.ListVmsResponse;

            /**
             * Encodes the specified ListVmsResponse message. Does not implicitly {@link barkeep.v1.ListVmsResponse.verify|verify} messages.
             * @param m ListVmsResponse message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.ListVmsResponse.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a ListVmsResponse message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.ListVmsResponse & barkeep.v1.ListVmsResponse.$Shape} ListVmsResponse
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.ListVmsResponse & barkeep.v1.ListVmsResponse.$Shape;
        }

        namespace ListVmsResponse {

            /** Properties of a ListVmsResponse. */
            interface $Properties {

                /** ListVmsResponse vms */
                vms?: (barkeep.v1.Vm.$Properties[]|null);

                /** ListVmsResponse nextPageToken */
                nextPageToken?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a ListVmsResponse. */
            type $Shape = barkeep.v1.ListVmsResponse.$Properties;
        }

        /**
         * Properties of a GetVmRequest.
         * @deprecated Use barkeep.v1.GetVmRequest.$Properties instead.
         */
        interface IGetVmRequest extends barkeep.v1.GetVmRequest.$Properties {
        }

        /** Represents a GetVmRequest. */
        class GetVmRequest {

            /**
             * Constructs a new GetVmRequest.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.GetVmRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** GetVmRequest vm. */
            vm: string;

            /**
             * Creates a new GetVmRequest instance using the specified properties.
             * @param [properties] Properties to set
             * @returns GetVmRequest instance
             */
            static create(properties: barkeep.v1.GetVmRequest.$Shape): barkeep.v1.GetVmRequest & barkeep.v1.GetVmRequest.$Shape;
            static create(properties?: barkeep.v1.GetVmRequest.$Properties): barkeep.v1.GetVmRequest;

            /**
             * Encodes the specified GetVmRequest message. Does not implicitly {@link barkeep.v1.GetVmRequest.verify|verify} messages.
             * @param m GetVmRequest message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.GetVmRequest.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a GetVmRequest message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.GetVmRequest & barkeep.v1.GetVmRequest.$Shape} GetVmRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.GetVmRequest & barkeep.v1.GetVmRequest.$Shape;
        }

        namespace GetVmRequest {

            /** Properties of a GetVmRequest. */
            interface $Properties {

                /** GetVmRequest vm */
                vm?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a GetVmRequest. */
            type $Shape = barkeep.v1.GetVmRequest.$Properties;
        }

        /**
         * Properties of a GetVmResponse.
         * @deprecated Use barkeep.v1.GetVmResponse.$Properties instead.
         */
        interface IGetVmResponse extends barkeep.v1.GetVmResponse.$Properties {
        }

        /** Represents a GetVmResponse. */
        class GetVmResponse {

            /**
             * Constructs a new GetVmResponse.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.GetVmResponse.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** GetVmResponse vm. */
            vm?: (barkeep.v1.Vm.$Properties|null);

            /**
             * Creates a new GetVmResponse instance using the specified properties.
             * @param [properties] Properties to set
             * @returns GetVmResponse instance
             */
            static create(properties: barkeep.v1.GetVmResponse.$Shape): barkeep.v1.GetVmResponse & barkeep.v1.GetVmResponse.$Shape;
            static create(properties?: barkeep.v1.GetVmResponse.$Properties): barkeep.v1.GetVmResponse;

            /**
             * Encodes the specified GetVmResponse message. Does not implicitly {@link barkeep.v1.GetVmResponse.verify|verify} messages.
             * @param m GetVmResponse message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.GetVmResponse.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a GetVmResponse message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.GetVmResponse & barkeep.v1.GetVmResponse.$Shape} GetVmResponse
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.GetVmResponse & barkeep.v1.GetVmResponse.$Shape;
        }

        namespace GetVmResponse {

            /** Properties of a GetVmResponse. */
            interface $Properties {

                /** GetVmResponse vm */
                vm?: (barkeep.v1.Vm.$Properties|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a GetVmResponse. */
            type $Shape = barkeep.v1.GetVmResponse.$Properties;
        }

        /**
         * Properties of a ListAllocationsRequest.
         * @deprecated Use barkeep.v1.ListAllocationsRequest.$Properties instead.
         */
        interface IListAllocationsRequest extends barkeep.v1.ListAllocationsRequest.$Properties {
        }

        /** Represents a ListAllocationsRequest. */
        class ListAllocationsRequest {

            /**
             * Constructs a new ListAllocationsRequest.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.ListAllocationsRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** ListAllocationsRequest vm. */
            vm: string;

            /** ListAllocationsRequest pageSize. */
            pageSize: number;

            /** ListAllocationsRequest pageToken. */
            pageToken: string;

            /**
             * Creates a new ListAllocationsRequest instance using the specified properties.
             * @param [properties] Properties to set
             * @returns ListAllocationsRequest instance
             */
            static create(properties: barkeep.v1.ListAllocationsRequest.$Shape): barkeep.v1.ListAllocationsRequest & barkeep.v1.ListAllocationsRequest.$Shape;
            static create(properties?: barkeep.v1.ListAllocationsRequest.$Properties): barkeep.v1.ListAllocationsRequest;

            /**
             * Encodes the specified ListAllocationsRequest message. Does not implicitly {@link barkeep.v1.ListAllocationsRequest.verify|verify} messages.
             * @param m ListAllocationsRequest message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.ListAllocationsRequest.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a ListAllocationsRequest message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.ListAllocationsRequest & barkeep.v1.ListAllocationsRequest.$Shape} ListAllocationsRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.ListAllocationsRequest & barkeep.v1.ListAllocationsRequest.$Shape;
        }

        namespace ListAllocationsRequest {

            /** Properties of a ListAllocationsRequest. */
            interface $Properties {

                /** ListAllocationsRequest vm */
                vm?: (string|null);

                /** ListAllocationsRequest pageSize */
                pageSize?: (number|null);

                /** ListAllocationsRequest pageToken */
                pageToken?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a ListAllocationsRequest. */
            type $Shape = barkeep.v1.ListAllocationsRequest.$Properties;
        }

        /**
         * Properties of a ListAllocationsResponse.
         * @deprecated Use barkeep.v1.ListAllocationsResponse.$Properties instead.
         */
        interface IListAllocationsResponse extends barkeep.v1.ListAllocationsResponse.$Properties {
        }

        /** Represents a ListAllocationsResponse. */
        class ListAllocationsResponse {

            /**
             * Constructs a new ListAllocationsResponse.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.ListAllocationsResponse.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** ListAllocationsResponse allocations. */
            allocations: barkeep.v1.Allocation.$Properties[];

            /** ListAllocationsResponse nextPageToken. */
            nextPageToken: string;

            /**
             * Creates a new ListAllocationsResponse instance using the specified properties.
             * @param [properties] Properties to set
             * @returns ListAllocationsResponse instance
             */
            static create(properties: barkeep.v1.ListAllocationsResponse.$Shape): barkeep.v1.ListAllocationsResponse & barkeep.v1.ListAllocationsResponse.$Shape;
            static create(properties?: barkeep.v1.ListAllocationsResponse.$Properties): barkeep.v1.ListAllocationsResponse;

            /**
             * Encodes the specified ListAllocationsResponse message. Does not implicitly {@link barkeep.v1.ListAllocationsResponse.verify|verify} messages.
             * @param m ListAllocationsResponse message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.ListAllocationsResponse.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a ListAllocationsResponse message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.ListAllocationsResponse & barkeep.v1.ListAllocationsResponse.$Shape} ListAllocationsResponse
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.ListAllocationsResponse & barkeep.v1.ListAllocationsResponse.$Shape;
        }

        namespace ListAllocationsResponse {

            /** Properties of a ListAllocationsResponse. */
            interface $Properties {

                /** ListAllocationsResponse allocations */
                allocations?: (barkeep.v1.Allocation.$Properties[]|null);

                /** ListAllocationsResponse nextPageToken */
                nextPageToken?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a ListAllocationsResponse. */
            type $Shape = barkeep.v1.ListAllocationsResponse.$Properties;
        }

        /**
         * Properties of a GetAllocationRequest.
         * @deprecated Use barkeep.v1.GetAllocationRequest.$Properties instead.
         */
        interface IGetAllocationRequest extends barkeep.v1.GetAllocationRequest.$Properties {
        }

        /** Represents a GetAllocationRequest. */
        class GetAllocationRequest {

            /**
             * Constructs a new GetAllocationRequest.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.GetAllocationRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** GetAllocationRequest vm. */
            vm: string;

            /** GetAllocationRequest resourceId. */
            resourceId: number;

            /**
             * Creates a new GetAllocationRequest instance using the specified properties.
             * @param [properties] Properties to set
             * @returns GetAllocationRequest instance
             */
            static create(properties: barkeep.v1.GetAllocationRequest.$Shape): barkeep.v1.GetAllocationRequest & barkeep.v1.GetAllocationRequest.$Shape;
            static create(properties?: barkeep.v1.GetAllocationRequest.$Properties): barkeep.v1.GetAllocationRequest;

            /**
             * Encodes the specified GetAllocationRequest message. Does not implicitly {@link barkeep.v1.GetAllocationRequest.verify|verify} messages.
             * @param m GetAllocationRequest message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.GetAllocationRequest.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a GetAllocationRequest message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.GetAllocationRequest & barkeep.v1.GetAllocationRequest.$Shape} GetAllocationRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.GetAllocationRequest & barkeep.v1.GetAllocationRequest.$Shape;
        }

        namespace GetAllocationRequest {

            /** Properties of a GetAllocationRequest. */
            interface $Properties {

                /** GetAllocationRequest vm */
                vm?: (string|null);

                /** GetAllocationRequest resourceId */
                resourceId?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a GetAllocationRequest. */
            type $Shape = barkeep.v1.GetAllocationRequest.$Properties;
        }

        /**
         * Properties of a GetAllocationResponse.
         * @deprecated Use barkeep.v1.GetAllocationResponse.$Properties instead.
         */
        interface IGetAllocationResponse extends barkeep.v1.GetAllocationResponse.$Properties {
        }

        /** Represents a GetAllocationResponse. */
        class GetAllocationResponse {

            /**
             * Constructs a new GetAllocationResponse.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.GetAllocationResponse.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** GetAllocationResponse allocation. */
            allocation?: (barkeep.v1.Allocation.$Properties|null);

            /**
             * Creates a new GetAllocationResponse instance using the specified properties.
             * @param [properties] Properties to set
             * @returns GetAllocationResponse instance
             */
            static create(properties: barkeep.v1.GetAllocationResponse.$Shape): barkeep.v1.GetAllocationResponse & barkeep.v1.GetAllocationResponse.$Shape;
            static create(properties?: barkeep.v1.GetAllocationResponse.$Properties): barkeep.v1.GetAllocationResponse;

            /**
             * Encodes the specified GetAllocationResponse message. Does not implicitly {@link barkeep.v1.GetAllocationResponse.verify|verify} messages.
             * @param m GetAllocationResponse message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.GetAllocationResponse.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a GetAllocationResponse message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.GetAllocationResponse & barkeep.v1.GetAllocationResponse.$Shape} GetAllocationResponse
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.GetAllocationResponse & barkeep.v1.GetAllocationResponse.$Shape;
        }

        namespace GetAllocationResponse {

            /** Properties of a GetAllocationResponse. */
            interface $Properties {

                /** GetAllocationResponse allocation */
                allocation?: (barkeep.v1.Allocation.$Properties|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a GetAllocationResponse. */
            type $Shape = barkeep.v1.GetAllocationResponse.$Properties;
        }

        /**
         * Properties of a ListMappingsRequest.
         * @deprecated Use barkeep.v1.ListMappingsRequest.$Properties instead.
         */
        interface IListMappingsRequest extends barkeep.v1.ListMappingsRequest.$Properties {
        }

        /** Represents a ListMappingsRequest. */
        class ListMappingsRequest {

            /**
             * Constructs a new ListMappingsRequest.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.ListMappingsRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** ListMappingsRequest vm. */
            vm: string;

            /** ListMappingsRequest pageSize. */
            pageSize: number;

            /** ListMappingsRequest pageToken. */
            pageToken: string;

            /**
             * Creates a new ListMappingsRequest instance using the specified properties.
             * @param [properties] Properties to set
             * @returns ListMappingsRequest instance
             */
            static create(properties: barkeep.v1.ListMappingsRequest.$Shape): barkeep.v1.ListMappingsRequest & barkeep.v1.ListMappingsRequest.$Shape;
            static create(properties?: barkeep.v1.ListMappingsRequest.$Properties): barkeep.v1.ListMappingsRequest;

            /**
             * Encodes the specified ListMappingsRequest message. Does not implicitly {@link barkeep.v1.ListMappingsRequest.verify|verify} messages.
             * @param m ListMappingsRequest message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.ListMappingsRequest.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a ListMappingsRequest message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.ListMappingsRequest & barkeep.v1.ListMappingsRequest.$Shape} ListMappingsRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.ListMappingsRequest & barkeep.v1.ListMappingsRequest.$Shape;
        }

        namespace ListMappingsRequest {

            /** Properties of a ListMappingsRequest. */
            interface $Properties {

                /** ListMappingsRequest vm */
                vm?: (string|null);

                /** ListMappingsRequest pageSize */
                pageSize?: (number|null);

                /** ListMappingsRequest pageToken */
                pageToken?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a ListMappingsRequest. */
            type $Shape = barkeep.v1.ListMappingsRequest.$Properties;
        }

        /**
         * Properties of a ListMappingsResponse.
         * @deprecated Use barkeep.v1.ListMappingsResponse.$Properties instead.
         */
        interface IListMappingsResponse extends barkeep.v1.ListMappingsResponse.$Properties {
        }

        /** Represents a ListMappingsResponse. */
        class ListMappingsResponse {

            /**
             * Constructs a new ListMappingsResponse.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.ListMappingsResponse.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** ListMappingsResponse mappings. */
            mappings: barkeep.v1.Mapping.$Properties[];

            /** ListMappingsResponse nextPageToken. */
            nextPageToken: string;

            /**
             * Creates a new ListMappingsResponse instance using the specified properties.
             * @param [properties] Properties to set
             * @returns ListMappingsResponse instance
             */
            static create(properties: barkeep.v1.ListMappingsResponse.$Shape): barkeep.v1.ListMappingsResponse & barkeep.v1.ListMappingsResponse.$Shape;
            static create(properties?: barkeep.v1.ListMappingsResponse.$Properties): barkeep.v1.ListMappingsResponse;

            /**
             * Encodes the specified ListMappingsResponse message. Does not implicitly {@link barkeep.v1.ListMappingsResponse.verify|verify} messages.
             * @param m ListMappingsResponse message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.ListMappingsResponse.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a ListMappingsResponse message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.ListMappingsResponse & barkeep.v1.ListMappingsResponse.$Shape} ListMappingsResponse
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.ListMappingsResponse & barkeep.v1.ListMappingsResponse.$Shape;
        }

        namespace ListMappingsResponse {

            /** Properties of a ListMappingsResponse. */
            interface $Properties {

                /** ListMappingsResponse mappings */
                mappings?: (barkeep.v1.Mapping.$Properties[]|null);

                /** ListMappingsResponse nextPageToken */
                nextPageToken?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a ListMappingsResponse. */
            type $Shape = barkeep.v1.ListMappingsResponse.$Properties;
        }

        /**
         * Properties of a GetMappingRequest.
         * @deprecated Use barkeep.v1.GetMappingRequest.$Properties instead.
         */
        interface IGetMappingRequest extends barkeep.v1.GetMappingRequest.$Properties {
        }

        /** Represents a GetMappingRequest. */
        class GetMappingRequest {

            /**
             * Constructs a new GetMappingRequest.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.GetMappingRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** GetMappingRequest vm. */
            vm: string;

            /** GetMappingRequest resourceId. */
            resourceId: number;

            /**
             * Creates a new GetMappingRequest instance using the specified properties.
             * @param [properties] Properties to set
             * @returns GetMappingRequest instance
             */
            static create(properties: barkeep.v1.GetMappingRequest.$Shape): barkeep.v1.GetMappingRequest & barkeep.v1.GetMappingRequest.$Shape;
            static create(properties?: barkeep.v1.GetMappingRequest.$Properties): barkeep.v1.GetMappingRequest;

            /**
             * Encodes the specified GetMappingRequest message. Does not implicitly {@link barkeep.v1.GetMappingRequest.verify|verify} messages.
             * @param m GetMappingRequest message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.GetMappingRequest.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a GetMappingRequest message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.GetMappingRequest & barkeep.v1.GetMappingRequest.$Shape} GetMappingRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.GetMappingRequest & barkeep.v1.GetMappingRequest.$Shape;
        }

        namespace GetMappingRequest {

            /** Properties of a GetMappingRequest. */
            interface $Properties {

                /** GetMappingRequest vm */
                vm?: (string|null);

                /** GetMappingRequest resourceId */
                resourceId?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a GetMappingRequest. */
            type $Shape = barkeep.v1.GetMappingRequest.$Properties;
        }

        /**
         * Properties of a GetMappingResponse.
         * @deprecated Use barkeep.v1.GetMappingResponse.$Properties instead.
         */
        interface IGetMappingResponse extends barkeep.v1.GetMappingResponse.$Properties {
        }

        /** Represents a GetMappingResponse. */
        class GetMappingResponse {

            /**
             * Constructs a new GetMappingResponse.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.GetMappingResponse.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** GetMappingResponse mapping. */
            mapping?: (barkeep.v1.Mapping.$Properties|null);

            /**
             * Creates a new GetMappingResponse instance using the specified properties.
             * @param [properties] Properties to set
             * @returns GetMappingResponse instance
             */
            static create(properties: barkeep.v1.GetMappingResponse.$Shape): barkeep.v1.GetMappingResponse & barkeep.v1.GetMappingResponse.$Shape;
            static create(properties?: barkeep.v1.GetMappingResponse.$Properties): barkeep.v1.GetMappingResponse;

            /**
             * Encodes the specified GetMappingResponse message. Does not implicitly {@link barkeep.v1.GetMappingResponse.verify|verify} messages.
             * @param m GetMappingResponse message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.GetMappingResponse.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a GetMappingResponse message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.GetMappingResponse & barkeep.v1.GetMappingResponse.$Shape} GetMappingResponse
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.GetMappingResponse & barkeep.v1.GetMappingResponse.$Shape;
        }

        namespace GetMappingResponse {

            /** Properties of a GetMappingResponse. */
            interface $Properties {

                /** GetMappingResponse mapping */
                mapping?: (barkeep.v1.Mapping.$Properties|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a GetMappingResponse. */
            type $Shape = barkeep.v1.GetMappingResponse.$Properties;
        }

        /**
         * Properties of a ListWindowsRequest.
         * @deprecated Use barkeep.v1.ListWindowsRequest.$Properties instead.
         */
        interface IListWindowsRequest extends barkeep.v1.ListWindowsRequest.$Properties {
        }

        /** Represents a ListWindowsRequest. */
        class ListWindowsRequest {

            /**
             * Constructs a new ListWindowsRequest.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.ListWindowsRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** ListWindowsRequest pageSize. */
            pageSize: number;

            /** ListWindowsRequest pageToken. */
            pageToken: string;

            /**
             * Creates a new ListWindowsRequest instance using the specified properties.
             * @param [properties] Properties to set
             * @returns ListWindowsRequest instance
             */
            static create(properties: barkeep.v1.ListWindowsRequest.$Shape): barkeep.v1.ListWindowsRequest & barkeep.v1.ListWindowsRequest.$Shape;
            static create(properties?: barkeep.v1.ListWindowsRequest.$Properties): barkeep.v1.ListWindowsRequest;

            /**
             * Encodes the specified ListWindowsRequest message. Does not implicitly {@link barkeep.v1.ListWindowsRequest.verify|verify} messages.
             * @param m ListWindowsRequest message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.ListWindowsRequest.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a ListWindowsRequest message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.ListWindowsRequest & barkeep.v1.ListWindowsRequest.$Shape} ListWindowsRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.ListWindowsRequest & barkeep.v1.ListWindowsRequest.$Shape;
        }

        namespace ListWindowsRequest {

            /** Properties of a ListWindowsRequest. */
            interface $Properties {

                /** ListWindowsRequest pageSize */
                pageSize?: (number|null);

                /** ListWindowsRequest pageToken */
                pageToken?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a ListWindowsRequest. */
            type $Shape = barkeep.v1.ListWindowsRequest.$Properties;
        }

        /**
         * Properties of a ListWindowsResponse.
         * @deprecated Use barkeep.v1.ListWindowsResponse.$Properties instead.
         */
        interface IListWindowsResponse extends barkeep.v1.ListWindowsResponse.$Properties {
        }

        /** Represents a ListWindowsResponse. */
        class ListWindowsResponse {

            /**
             * Constructs a new ListWindowsResponse.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.ListWindowsResponse.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** ListWindowsResponse windows. */
            windows: barkeep.v1.Window.$Properties[];

            /** ListWindowsResponse nextPageToken. */
            nextPageToken: string;

            /**
             * Creates a new ListWindowsResponse instance using the specified properties.
             * @param [properties] Properties to set
             * @returns ListWindowsResponse instance
             */
            static create(properties: barkeep.v1.ListWindowsResponse.$Shape): barkeep.v1.ListWindowsResponse & barkeep.v1.ListWindowsResponse.$Shape;
            static create(properties?: barkeep.v1.ListWindowsResponse.$Properties): barkeep.v1.ListWindowsResponse;

            /**
             * Encodes the specified ListWindowsResponse message. Does not implicitly {@link barkeep.v1.ListWindowsResponse.verify|verify} messages.
             * @param m ListWindowsResponse message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.ListWindowsResponse.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a ListWindowsResponse message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.ListWindowsResponse & barkeep.v1.ListWindowsResponse.$Shape} ListWindowsResponse
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.ListWindowsResponse & barkeep.v1.ListWindowsResponse.$Shape;
        }

        namespace ListWindowsResponse {

            /** Properties of a ListWindowsResponse. */
            interface $Properties {

                /** ListWindowsResponse windows */
                windows?: (barkeep.v1.Window.$Properties[]|null);

                /** ListWindowsResponse nextPageToken */
                nextPageToken?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a ListWindowsResponse. */
            type $Shape = barkeep.v1.ListWindowsResponse.$Properties;
        }

        /**
         * Properties of a GetWindowRequest.
         * @deprecated Use barkeep.v1.GetWindowRequest.$Properties instead.
         */
        interface IGetWindowRequest extends barkeep.v1.GetWindowRequest.$Properties {
        }

        /** Represents a GetWindowRequest. */
        class GetWindowRequest {

            /**
             * Constructs a new GetWindowRequest.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.GetWindowRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** GetWindowRequest vm. */
            vm: string;

            /**
             * Creates a new GetWindowRequest instance using the specified properties.
             * @param [properties] Properties to set
             * @returns GetWindowRequest instance
             */
            static create(properties: barkeep.v1.GetWindowRequest.$Shape): barkeep.v1.GetWindowRequest & barkeep.v1.GetWindowRequest.$Shape;
            static create(properties?: barkeep.v1.GetWindowRequest.$Properties): barkeep.v1.GetWindowRequest;

            /**
             * Encodes the specified GetWindowRequest message. Does not implicitly {@link barkeep.v1.GetWindowRequest.verify|verify} messages.
             * @param m GetWindowRequest message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.GetWindowRequest.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a GetWindowRequest message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.GetWindowRequest & barkeep.v1.GetWindowRequest.$Shape} GetWindowRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.GetWindowRequest & barkeep.v1.GetWindowRequest.$Shape;
        }

        namespace GetWindowRequest {

            /** Properties of a GetWindowRequest. */
            interface $Properties {

                /** GetWindowRequest vm */
                vm?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a GetWindowRequest. */
            type $Shape = barkeep.v1.GetWindowRequest.$Properties;
        }

        /**
         * Properties of a GetWindowResponse.
         * @deprecated Use barkeep.v1.GetWindowResponse.$Properties instead.
         */
        interface IGetWindowResponse extends barkeep.v1.GetWindowResponse.$Properties {
        }

        /** Represents a GetWindowResponse. */
        class GetWindowResponse {

            /**
             * Constructs a new GetWindowResponse.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.GetWindowResponse.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** GetWindowResponse window. */
            window?: (barkeep.v1.Window.$Properties|null);

            /** GetWindowResponse ranges. */
            ranges: barkeep.v1.Range.$Properties[];

            /** GetWindowResponse truncated. */
            truncated: boolean;

            /**
             * Creates a new GetWindowResponse instance using the specified properties.
             * @param [properties] Properties to set
             * @returns GetWindowResponse instance
             */
            static create(properties: barkeep.v1.GetWindowResponse.$Shape): barkeep.v1.GetWindowResponse & barkeep.v1.GetWindowResponse.$Shape;
            static create(properties?: barkeep.v1.GetWindowResponse.$Properties): barkeep.v1.GetWindowResponse;

            /**
             * Encodes the specified GetWindowResponse message. Does not implicitly {@link barkeep.v1.GetWindowResponse.verify|verify} messages.
             * @param m GetWindowResponse message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.GetWindowResponse.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a GetWindowResponse message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.GetWindowResponse & barkeep.v1.GetWindowResponse.$Shape} GetWindowResponse
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.GetWindowResponse & barkeep.v1.GetWindowResponse.$Shape;
        }

        namespace GetWindowResponse {

            /** Properties of a GetWindowResponse. */
            interface $Properties {

                /** GetWindowResponse window */
                window?: (barkeep.v1.Window.$Properties|null);

                /** GetWindowResponse ranges */
                ranges?: (barkeep.v1.Range.$Properties[]|null);

                /** GetWindowResponse truncated */
                truncated?: (boolean|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a GetWindowResponse. */
            type $Shape = barkeep.v1.GetWindowResponse.$Properties;
        }

        /**
         * Properties of a ListHeapsRequest.
         * @deprecated Use barkeep.v1.ListHeapsRequest.$Properties instead.
         */
        interface IListHeapsRequest extends barkeep.v1.ListHeapsRequest.$Properties {
        }

        /** Represents a ListHeapsRequest. */
        class ListHeapsRequest {

            /**
             * Constructs a new ListHeapsRequest.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.ListHeapsRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** ListHeapsRequest pageSize. */
            pageSize: number;

            /** ListHeapsRequest pageToken. */
            pageToken: string;

            /**
             * Creates a new ListHeapsRequest instance using the specified properties.
             * @param [properties] Properties to set
             * @returns ListHeapsRequest instance
             */
            static create(properties: barkeep.v1.ListHeapsRequest.$Shape): barkeep.v1.ListHeapsRequest & barkeep.v1.ListHeapsRequest.$Shape;
            static create(properties?: barkeep.v1.ListHeapsRequest.$Properties): barkeep.v1.ListHeapsRequest;

            /**
             * Encodes the specified ListHeapsRequest message. Does not implicitly {@link barkeep.v1.ListHeapsRequest.verify|verify} messages.
             * @param m ListHeapsRequest message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.ListHeapsRequest.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a ListHeapsRequest message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.ListHeapsRequest & barkeep.v1.ListHeapsRequest.$Shape} ListHeapsRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.ListHeapsRequest & barkeep.v1.ListHeapsRequest.$Shape;
        }

        namespace ListHeapsRequest {

            /** Properties of a ListHeapsRequest. */
            interface $Properties {

                /** ListHeapsRequest pageSize */
                pageSize?: (number|null);

                /** ListHeapsRequest pageToken */
                pageToken?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a ListHeapsRequest. */
            type $Shape = barkeep.v1.ListHeapsRequest.$Properties;
        }

        /**
         * Properties of a ListHeapsResponse.
         * @deprecated Use barkeep.v1.ListHeapsResponse.$Properties instead.
         */
        interface IListHeapsResponse extends barkeep.v1.ListHeapsResponse.$Properties {
        }

        /** Represents a ListHeapsResponse. */
        class ListHeapsResponse {

            /**
             * Constructs a new ListHeapsResponse.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.ListHeapsResponse.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** ListHeapsResponse heaps. */
            heaps: barkeep.v1.Heap.$Properties[];

            /** ListHeapsResponse nextPageToken. */
            nextPageToken: string;

            /**
             * Creates a new ListHeapsResponse instance using the specified properties.
             * @param [properties] Properties to set
             * @returns ListHeapsResponse instance
             */
            static create(properties: barkeep.v1.ListHeapsResponse.$Shape): barkeep.v1.ListHeapsResponse & barkeep.v1.ListHeapsResponse.$Shape;
            static create(properties?: barkeep.v1.ListHeapsResponse.$Properties): barkeep.v1.ListHeapsResponse;

            /**
             * Encodes the specified ListHeapsResponse message. Does not implicitly {@link barkeep.v1.ListHeapsResponse.verify|verify} messages.
             * @param m ListHeapsResponse message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.ListHeapsResponse.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a ListHeapsResponse message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.ListHeapsResponse & barkeep.v1.ListHeapsResponse.$Shape} ListHeapsResponse
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.ListHeapsResponse & barkeep.v1.ListHeapsResponse.$Shape;
        }

        namespace ListHeapsResponse {

            /** Properties of a ListHeapsResponse. */
            interface $Properties {

                /** ListHeapsResponse heaps */
                heaps?: (barkeep.v1.Heap.$Properties[]|null);

                /** ListHeapsResponse nextPageToken */
                nextPageToken?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a ListHeapsResponse. */
            type $Shape = barkeep.v1.ListHeapsResponse.$Properties;
        }

        /**
         * Properties of a GetHeapRequest.
         * @deprecated Use barkeep.v1.GetHeapRequest.$Properties instead.
         */
        interface IGetHeapRequest extends barkeep.v1.GetHeapRequest.$Properties {
        }

        /** Represents a GetHeapRequest. */
        class GetHeapRequest {

            /**
             * Constructs a new GetHeapRequest.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.GetHeapRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** GetHeapRequest heap. */
            heap: string;

            /**
             * Creates a new GetHeapRequest instance using the specified properties.
             * @param [properties] Properties to set
             * @returns GetHeapRequest instance
             */
            static create(properties: barkeep.v1.GetHeapRequest.$Shape): barkeep.v1.GetHeapRequest & barkeep.v1.GetHeapRequest.$Shape;
            static create(properties?: barkeep.v1.GetHeapRequest.$Properties): barkeep.v1.GetHeapRequest;

            /**
             * Encodes the specified GetHeapRequest message. Does not implicitly {@link barkeep.v1.GetHeapRequest.verify|verify} messages.
             * @param m GetHeapRequest message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.GetHeapRequest.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a GetHeapRequest message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.GetHeapRequest & barkeep.v1.GetHeapRequest.$Shape} GetHeapRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.GetHeapRequest & barkeep.v1.GetHeapRequest.$Shape;
        }

        namespace GetHeapRequest {

            /** Properties of a GetHeapRequest. */
            interface $Properties {

                /** GetHeapRequest heap */
                heap?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a GetHeapRequest. */
            type $Shape = barkeep.v1.GetHeapRequest.$Properties;
        }

        /**
         * Properties of a GetHeapResponse.
         * @deprecated Use barkeep.v1.GetHeapResponse.$Properties instead.
         */
        interface IGetHeapResponse extends barkeep.v1.GetHeapResponse.$Properties {
        }

        /** Represents a GetHeapResponse. */
        class GetHeapResponse {

            /**
             * Constructs a new GetHeapResponse.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.GetHeapResponse.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** GetHeapResponse heap. */
            heap?: (barkeep.v1.Heap.$Properties|null);

            /**
             * Creates a new GetHeapResponse instance using the specified properties.
             * @param [properties] Properties to set
             * @returns GetHeapResponse instance
             */
            static create(properties: barkeep.v1.GetHeapResponse.$Shape): barkeep.v1.GetHeapResponse & barkeep.v1.GetHeapResponse.$Shape;
            static create(properties?: barkeep.v1.GetHeapResponse.$Properties): barkeep.v1.GetHeapResponse;

            /**
             * Encodes the specified GetHeapResponse message. Does not implicitly {@link barkeep.v1.GetHeapResponse.verify|verify} messages.
             * @param m GetHeapResponse message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.GetHeapResponse.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a GetHeapResponse message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.GetHeapResponse & barkeep.v1.GetHeapResponse.$Shape} GetHeapResponse
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.GetHeapResponse & barkeep.v1.GetHeapResponse.$Shape;
        }

        namespace GetHeapResponse {

            /** Properties of a GetHeapResponse. */
            interface $Properties {

                /** GetHeapResponse heap */
                heap?: (barkeep.v1.Heap.$Properties|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a GetHeapResponse. */
            type $Shape = barkeep.v1.GetHeapResponse.$Properties;
        }

        /**
         * Properties of an OpenBlobRequest.
         * @deprecated Use barkeep.v1.OpenBlobRequest.$Properties instead.
         */
        interface IOpenBlobRequest extends barkeep.v1.OpenBlobRequest.$Properties {
        }

        /** Represents an OpenBlobRequest. */
        class OpenBlobRequest {

            /**
             * Constructs a new OpenBlobRequest.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.OpenBlobRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** OpenBlobRequest vm. */
            vm: string;

            /** OpenBlobRequest resourceId. */
            resourceId: number;

            /**
             * Creates a new OpenBlobRequest instance using the specified properties.
             * @param [properties] Properties to set
             * @returns OpenBlobRequest instance
             */
            static create(properties: barkeep.v1.OpenBlobRequest.$Shape): barkeep.v1.OpenBlobRequest & barkeep.v1.OpenBlobRequest.$Shape;
            static create(properties?: barkeep.v1.OpenBlobRequest.$Properties): barkeep.v1.OpenBlobRequest;

            /**
             * Encodes the specified OpenBlobRequest message. Does not implicitly {@link barkeep.v1.OpenBlobRequest.verify|verify} messages.
             * @param m OpenBlobRequest message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.OpenBlobRequest.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an OpenBlobRequest message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.OpenBlobRequest & barkeep.v1.OpenBlobRequest.$Shape} OpenBlobRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.OpenBlobRequest & barkeep.v1.OpenBlobRequest.$Shape;
        }

        namespace OpenBlobRequest {

            /** Properties of an OpenBlobRequest. */
            interface $Properties {

                /** OpenBlobRequest vm */
                vm?: (string|null);

                /** OpenBlobRequest resourceId */
                resourceId?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an OpenBlobRequest. */
            type $Shape = barkeep.v1.OpenBlobRequest.$Properties;
        }

        /**
         * Properties of an OpenBlobResponse.
         * @deprecated Use barkeep.v1.OpenBlobResponse.$Properties instead.
         */
        interface IOpenBlobResponse extends barkeep.v1.OpenBlobResponse.$Properties {
        }

        /** Represents an OpenBlobResponse. */
        class OpenBlobResponse {

            /**
             * Constructs a new OpenBlobResponse.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.OpenBlobResponse.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** OpenBlobResponse memory. */
            memory?: (barkeep.v1.MemoryHandle.$Properties|null);

            /**
             * Creates a new OpenBlobResponse instance using the specified properties.
             * @param [properties] Properties to set
             * @returns OpenBlobResponse instance
             */
            static create(properties: barkeep.v1.OpenBlobResponse.$Shape): barkeep.v1.OpenBlobResponse & barkeep.v1.OpenBlobResponse.$Shape;
            static create(properties?: barkeep.v1.OpenBlobResponse.$Properties): barkeep.v1.OpenBlobResponse;

            /**
             * Encodes the specified OpenBlobResponse message. Does not implicitly {@link barkeep.v1.OpenBlobResponse.verify|verify} messages.
             * @param m OpenBlobResponse message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.OpenBlobResponse.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an OpenBlobResponse message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.OpenBlobResponse & barkeep.v1.OpenBlobResponse.$Shape} OpenBlobResponse
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.OpenBlobResponse & barkeep.v1.OpenBlobResponse.$Shape;
        }

        namespace OpenBlobResponse {

            /** Properties of an OpenBlobResponse. */
            interface $Properties {

                /** OpenBlobResponse memory */
                memory?: (barkeep.v1.MemoryHandle.$Properties|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an OpenBlobResponse. */
            type $Shape = barkeep.v1.OpenBlobResponse.$Properties;
        }

        /**
         * Properties of a WatchEventsRequest.
         * @deprecated Use barkeep.v1.WatchEventsRequest.$Properties instead.
         */
        interface IWatchEventsRequest extends barkeep.v1.WatchEventsRequest.$Properties {
        }

        /** Represents a WatchEventsRequest. */
        class WatchEventsRequest {

            /**
             * Constructs a new WatchEventsRequest.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.WatchEventsRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** WatchEventsRequest vm. */
            vm: string;

            /**
             * Creates a new WatchEventsRequest instance using the specified properties.
             * @param [properties] Properties to set
             * @returns WatchEventsRequest instance
             */
            static create(properties: barkeep.v1.WatchEventsRequest.$Shape): barkeep.v1.WatchEventsRequest & barkeep.v1.WatchEventsRequest.$Shape;
            static create(properties?: barkeep.v1.WatchEventsRequest.$Properties): barkeep.v1.WatchEventsRequest;

            /**
             * Encodes the specified WatchEventsRequest message. Does not implicitly {@link barkeep.v1.WatchEventsRequest.verify|verify} messages.
             * @param m WatchEventsRequest message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.WatchEventsRequest.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a WatchEventsRequest message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.WatchEventsRequest & barkeep.v1.WatchEventsRequest.$Shape} WatchEventsRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.WatchEventsRequest & barkeep.v1.WatchEventsRequest.$Shape;
        }

        namespace WatchEventsRequest {

            /** Properties of a WatchEventsRequest. */
            interface $Properties {

                /** WatchEventsRequest vm */
                vm?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a WatchEventsRequest. */
            type $Shape = barkeep.v1.WatchEventsRequest.$Properties;
        }

        /**
         * Properties of a WatchEventsResponse.
         * @deprecated Use barkeep.v1.WatchEventsResponse.$Properties instead.
         */
        interface IWatchEventsResponse extends barkeep.v1.WatchEventsResponse.$Properties {
        }

        /** Represents a WatchEventsResponse. */
        class WatchEventsResponse {

            /**
             * Constructs a new WatchEventsResponse.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.WatchEventsResponse.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** WatchEventsResponse time. */
            time: number;

            /** WatchEventsResponse lost. */
            lost: (number|Long);

            /** WatchEventsResponse vm. */
            vm: string;

            /** WatchEventsResponse vmStateChanged. */
            vmStateChanged?: (barkeep.v1.VmStateChanged.$Properties|null);

            /** WatchEventsResponse blobCreated. */
            blobCreated?: (barkeep.v1.BlobCreated.$Properties|null);

            /** WatchEventsResponse blobMapped. */
            blobMapped?: (barkeep.v1.BlobMapped.$Properties|null);

            /** WatchEventsResponse blobUnmapped. */
            blobUnmapped?: (barkeep.v1.BlobUnmapped.$Properties|null);

            /** WatchEventsResponse blobDestroyed. */
            blobDestroyed?: (barkeep.v1.BlobDestroyed.$Properties|null);

            /** WatchEventsResponse deviceReset. */
            deviceReset?: (barkeep.v1.DeviceReset.$Properties|null);

            /** WatchEventsResponse commandRefused. */
            commandRefused?: (barkeep.v1.CommandRefused.$Properties|null);

            /** WatchEventsResponse event. */
            event?: ("vmStateChanged"|"blobCreated"|"blobMapped"|"blobUnmapped"|"blobDestroyed"|"deviceReset"|"commandRefused");

            /**
             * Creates a new WatchEventsResponse instance using the specified properties.
             * @param [properties] Properties to set
             * @returns WatchEventsResponse instance
             */
            static create(properties: barkeep.v1.WatchEventsResponse.$Shape): barkeep.v1.WatchEventsResponse & barkeep.v1.WatchEventsResponse.$Shape;
            static create(properties?: barkeep.v1.WatchEventsResponse.$Properties): barkeep.v1.WatchEventsResponse;

            /**
             * Encodes the specified WatchEventsResponse message. Does not implicitly {@link barkeep.v1.WatchEventsResponse.verify|verify} messages.
             * @param m WatchEventsResponse message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.WatchEventsResponse.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a WatchEventsResponse message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.WatchEventsResponse & barkeep.v1.WatchEventsResponse.$Shape} WatchEventsResponse
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.WatchEventsResponse & barkeep.v1.WatchEventsResponse.$Shape;
        }

        namespace WatchEventsResponse {

            /** Properties of a WatchEventsResponse. */
            interface $Properties {

                /** WatchEventsResponse time */
                time?: (number|null);

                /** WatchEventsResponse lost */
                lost?: (number|Long|null);

                /** WatchEventsResponse vm */
                vm?: (string|null);

                /** WatchEventsResponse vmStateChanged */
                vmStateChanged?: (barkeep.v1.VmStateChanged.$Properties|null);

                /** WatchEventsResponse blobCreated */
                blobCreated?: (barkeep.v1.BlobCreated.$Properties|null);

                /** WatchEventsResponse blobMapped */
                blobMapped?: (barkeep.v1.BlobMapped.$Properties|null);

                /** WatchEventsResponse blobUnmapped */
                blobUnmapped?: (barkeep.v1.BlobUnmapped.$Properties|null);

                /** WatchEventsResponse blobDestroyed */
                blobDestroyed?: (barkeep.v1.BlobDestroyed.$Properties|null);

                /** WatchEventsResponse deviceReset */
                deviceReset?: (barkeep.v1.DeviceReset.$Properties|null);

                /** WatchEventsResponse commandRefused */
                commandRefused?: (barkeep.v1.CommandRefused.$Properties|null);

                /** WatchEventsResponse event */
                event?: ("vmStateChanged"|"blobCreated"|"blobMapped"|"blobUnmapped"|"blobDestroyed"|"deviceReset"|"commandRefused");

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Narrowed shape of a WatchEventsResponse. */
            type $Shape = {
              time?: number|null;
              lost?: number|Long|null;
              vm?: string|null;
              vmStateChanged?: barkeep.v1.VmStateChanged.$Shape|null;
              blobCreated?: barkeep.v1.BlobCreated.$Shape|null;
              blobMapped?: barkeep.v1.BlobMapped.$Shape|null;
              blobUnmapped?: barkeep.v1.BlobUnmapped.$Shape|null;
              blobDestroyed?: barkeep.v1.BlobDestroyed.$Shape|null;
              deviceReset?: barkeep.v1.DeviceReset.$Shape|null;
              commandRefused?: barkeep.v1.CommandRefused.$Shape|null;
              $unknowns?: Uint8Array[];
            } & (
              ({ event?: undefined; vmStateChanged?: null; blobCreated?: null; blobMapped?: null; blobUnmapped?: null; blobDestroyed?: null; deviceReset?: null; commandRefused?: null }|{ event?: "vmStateChanged"; vmStateChanged: barkeep.v1.VmStateChanged.$Shape; blobCreated?: null; blobMapped?: null; blobUnmapped?: null; blobDestroyed?: null; deviceReset?: null; commandRefused?: null }|{ event?: "blobCreated"; vmStateChanged?: null; blobCreated: barkeep.v1.BlobCreated.$Shape; blobMapped?: null; blobUnmapped?: null; blobDestroyed?: null; deviceReset?: null; commandRefused?: null }|{ event?: "blobMapped"; vmStateChanged?: null; blobCreated?: null; blobMapped: barkeep.v1.BlobMapped.$Shape; blobUnmapped?: null; blobDestroyed?: null; deviceReset?: null; commandRefused?: null }|{ event?: "blobUnmapped"; vmStateChanged?: null; blobCreated?: null; blobMapped?: null; blobUnmapped: barkeep.v1.BlobUnmapped.$Shape; blobDestroyed?: null; deviceReset?: null; commandRefused?: null }|{ event?: "blobDestroyed"; vmStateChanged?: null; blobCreated?: null; blobMapped?: null; blobUnmapped?: null; blobDestroyed: barkeep.v1.BlobDestroyed.$Shape; deviceReset?: null; commandRefused?: null }|{ event?: "deviceReset"; vmStateChanged?: null; blobCreated?: null; blobMapped?: null; blobUnmapped?: null; blobDestroyed?: null; deviceReset: barkeep.v1.DeviceReset.$Shape; commandRefused?: null }|{ event?: "commandRefused"; vmStateChanged?: null; blobCreated?: null; blobMapped?: null; blobUnmapped?: null; blobDestroyed?: null; deviceReset?: null; commandRefused: barkeep.v1.CommandRefused.$Shape })
            );
        }

        /**
         * Properties of a VmStateChanged.
         * @deprecated Use barkeep.v1.VmStateChanged.$Properties instead.
         */
        interface IVmStateChanged extends barkeep.v1.VmStateChanged.$Properties {
        }

        /** Represents a VmStateChanged. */
        class VmStateChanged {

            /**
             * Constructs a new VmStateChanged.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.VmStateChanged.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** VmStateChanged state. */
            state: barkeep.v1.VmState;

            /** VmStateChanged reason. */
            reason: string;

            /**
             * Creates a new VmStateChanged instance using the specified properties.
             * @param [properties] Properties to set
             * @returns VmStateChanged instance
             */
            static create(properties: barkeep.v1.VmStateChanged.$Shape): barkeep.v1.VmStateChanged & barkeep.v1.VmStateChanged.$Shape;
            static create(properties?: barkeep.v1.VmStateChanged.$Properties): barkeep.v1.VmStateChanged;

            /**
             * Encodes the specified VmStateChanged message. Does not implicitly {@link barkeep.v1.VmStateChanged.verify|verify} messages.
             * @param m VmStateChanged message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.VmStateChanged.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a VmStateChanged message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.VmStateChanged & barkeep.v1.VmStateChanged.$Shape} VmStateChanged
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.VmStateChanged & barkeep.v1.VmStateChanged.$Shape;
        }

        namespace VmStateChanged {

            /** Properties of a VmStateChanged. */
            interface $Properties {

                /** VmStateChanged state */
                state?: (barkeep.v1.VmState|null);

                /** VmStateChanged reason */
                reason?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a VmStateChanged. */
            type $Shape = barkeep.v1.VmStateChanged.$Properties;
        }

        /**
         * Properties of a BlobCreated.
         * @deprecated Use barkeep.v1.BlobCreated.$Properties instead.
         */
        interface IBlobCreated extends barkeep.v1.BlobCreated.$Properties {
        }

        /** Represents a BlobCreated. */
        class BlobCreated {

            /**
             * Constructs a new BlobCreated.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.BlobCreated.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** BlobCreated resourceId. */
            resourceId: number;

            /** BlobCreated size. */
            size: (number|Long);

            /**
             * Creates a new BlobCreated instance using the specified properties.
             * @param [properties] Properties to set
             * @returns BlobCreated instance
             */
            static create(properties: barkeep.v1.BlobCreated.$Shape): barkeep.v1.BlobCreated & barkeep.v1.BlobCreated.$Shape;
            static create(properties?: barkeep.v1.BlobCreated.$Properties): barkeep.v1.BlobCreated;

            /**
             * Encodes the specified BlobCreated message. Does not implicitly {@link barkeep.v1.BlobCreated.verify|verify} messages.
             * @param m BlobCreated message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.BlobCreated.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a BlobCreated message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.BlobCreated & barkeep.v1.BlobCreated.$Shape} BlobCreated
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.BlobCreated & barkeep.v1.BlobCreated.$Shape;
        }

        namespace BlobCreated {

            /** Properties of a BlobCreated. */
            interface $Properties {

                /** BlobCreated resourceId */
                resourceId?: (number|null);

                /** BlobCreated size */
                size?: (number|Long|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a BlobCreated. */
            type $Shape = barkeep.v1.BlobCreated.$Properties;
        }

        /**
         * Properties of a BlobMapped.
         * @deprecated Use barkeep.v1.BlobMapped.$Properties instead.
         */
        interface IBlobMapped extends barkeep.v1.BlobMapped.$Properties {
        }

        /** Represents a BlobMapped. */
        class BlobMapped {

            /**
             * Constructs a new BlobMapped.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.BlobMapped.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** BlobMapped resourceId. */
            resourceId: number;

            /** BlobMapped offset. */
            offset: (number|Long);

            /** BlobMapped size. */
            size: (number|Long);

            /** BlobMapped cache. */
            cache: barkeep.v1.CacheType;

            /**
             * Creates a new BlobMapped instance using the specified properties.
             * @param [properties] Properties to set
             * @returns BlobMapped instance
             */
            static create(properties: barkeep.v1.BlobMapped.$Shape): barkeep.v1.BlobMapped & barkeep.v1.BlobMapped.$Shape;
            static create(properties?: barkeep.v1.BlobMapped.$Properties): barkeep.v1.BlobMapped;

            /**
             * Encodes the specified BlobMapped message. Does not implicitly {@link barkeep.v1.BlobMapped.verify|verify} messages.
             * @param m BlobMapped message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.BlobMapped.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a BlobMapped message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.BlobMapped & barkeep.v1.BlobMapped.$Shape} BlobMapped
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.BlobMapped & barkeep.v1.BlobMapped.$Shape;
        }

        namespace BlobMapped {

            /** Properties of a BlobMapped. */
            interface $Properties {

                /** BlobMapped resourceId */
                resourceId?: (number|null);

                /** BlobMapped offset */
                offset?: (number|Long|null);

                /** BlobMapped size */
                size?: (number|Long|null);

                /** BlobMapped cache */
                cache?: (barkeep.v1.CacheType|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a BlobMapped. */
            type $Shape = barkeep.v1.BlobMapped.$Properties;
        }

        /**
         * Properties of a BlobUnmapped.
         * @deprecated Use barkeep.v1.BlobUnmapped.$Properties instead.
         */
        interface IBlobUnmapped extends barkeep.v1.BlobUnmapped.$Properties {
        }

        /** Represents a BlobUnmapped. */
        class BlobUnmapped {

            /**
             * Constructs a new BlobUnmapped.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.BlobUnmapped.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** BlobUnmapped resourceId. */
            resourceId: number;

            /**
             * Creates a new BlobUnmapped instance using the specified properties.
             * @param [properties] Properties to set
             * @returns BlobUnmapped instance
             */
            static create(properties: barkeep.v1.BlobUnmapped.$Shape): barkeep.v1.BlobUnmapped & barkeep.v1.BlobUnmapped.$Shape;
            static create(properties?: barkeep.v1.BlobUnmapped.$Properties): barkeep.v1.BlobUnmapped;

            /**
             * Encodes the specified BlobUnmapped message. Does not implicitly {@link barkeep.v1.BlobUnmapped.verify|verify} messages.
             * @param m BlobUnmapped message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.BlobUnmapped.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a BlobUnmapped message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.BlobUnmapped & barkeep.v1.BlobUnmapped.$Shape} BlobUnmapped
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.BlobUnmapped & barkeep.v1.BlobUnmapped.$Shape;
        }

        namespace BlobUnmapped {

            /** Properties of a BlobUnmapped. */
            interface $Properties {

                /** BlobUnmapped resourceId */
                resourceId?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a BlobUnmapped. */
            type $Shape = barkeep.v1.BlobUnmapped.$Properties;
        }

        /**
         * Properties of a BlobDestroyed.
         * @deprecated Use barkeep.v1.BlobDestroyed.$Properties instead.
         */
        interface IBlobDestroyed extends barkeep.v1.BlobDestroyed.$Properties {
        }

        /** Represents a BlobDestroyed. */
        class BlobDestroyed {

            /**
             * Constructs a new BlobDestroyed.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.BlobDestroyed.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** BlobDestroyed resourceId. */
            resourceId: number;

            /**
             * Creates a new BlobDestroyed instance using the specified properties.
             * @param [properties] Properties to set
             * @returns BlobDestroyed instance
             */
            static create(properties: barkeep.v1.BlobDestroyed.$Shape): barkeep.v1.BlobDestroyed & barkeep.v1.BlobDestroyed.$Shape;
            static create(properties?: barkeep.v1.BlobDestroyed.$Properties): barkeep.v1.BlobDestroyed;

            /**
             * Encodes the specified BlobDestroyed message. Does not implicitly {@link barkeep.v1.BlobDestroyed.verify|verify} messages.
             * @param m BlobDestroyed message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.BlobDestroyed.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a BlobDestroyed message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.BlobDestroyed & barkeep.v1.BlobDestroyed.$Shape} BlobDestroyed
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.BlobDestroyed & barkeep.v1.BlobDestroyed.$Shape;
        }

        namespace BlobDestroyed {

            /** Properties of a BlobDestroyed. */
            interface $Properties {

                /** BlobDestroyed resourceId */
                resourceId?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a BlobDestroyed. */
            type $Shape = barkeep.v1.BlobDestroyed.$Properties;
        }

        /**
         * Properties of a DeviceReset.
         * @deprecated Use barkeep.v1.DeviceReset.$Properties instead.
         */
        interface IDeviceReset extends barkeep.v1.DeviceReset.$Properties {
        }

        /** Represents a DeviceReset. */
        class DeviceReset {

            /**
             * Constructs a new DeviceReset.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.DeviceReset.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** DeviceReset generation. */
            generation: (number|Long);

            /**
             * Creates a new DeviceReset instance using the specified properties.
             * @param [properties] Properties to set
             * @returns DeviceReset instance
             */
            static create(properties: barkeep.v1.DeviceReset.$Shape): barkeep.v1.DeviceReset & barkeep.v1.DeviceReset.$Shape;
            static create(properties?: barkeep.v1.DeviceReset.$Properties): barkeep.v1.DeviceReset;

            /**
             * Encodes the specified DeviceReset message. Does not implicitly {@link barkeep.v1.DeviceReset.verify|verify} messages.
             * @param m DeviceReset message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.DeviceReset.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a DeviceReset message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.DeviceReset & barkeep.v1.DeviceReset.$Shape} DeviceReset
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.DeviceReset & barkeep.v1.DeviceReset.$Shape;
        }

        namespace DeviceReset {

            /** Properties of a DeviceReset. */
            interface $Properties {

                /** DeviceReset generation */
                generation?: (number|Long|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a DeviceReset. */
            type $Shape = barkeep.v1.DeviceReset.$Properties;
        }

        /**
         * Properties of a CommandRefused.
         * @deprecated Use barkeep.v1.CommandRefused.$Properties instead.
         */
        interface ICommandRefused extends barkeep.v1.CommandRefused.$Properties {
        }

        /** Represents a CommandRefused. */
        class CommandRefused {

            /**
             * Constructs a new CommandRefused.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.CommandRefused.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** CommandRefused operation. */
            operation: string;

            /** CommandRefused reason. */
            reason: barkeep.v1.Reason;

            /** CommandRefused message. */
            message: string;

            /**
             * Creates a new CommandRefused instance using the specified properties.
             * @param [properties] Properties to set
             * @returns CommandRefused instance
             */
            static create(properties: barkeep.v1.CommandRefused.$Shape): barkeep.v1.CommandRefused & barkeep.v1.CommandRefused.$Shape;
            static create(properties?: barkeep.v1.CommandRefused.$Properties): barkeep.v1.CommandRefused;

            /**
             * Encodes the specified CommandRefused message. Does not implicitly {@link barkeep.v1.CommandRefused.verify|verify} messages.
             * @param m CommandRefused message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.CommandRefused.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a CommandRefused message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.CommandRefused & barkeep.v1.CommandRefused.$Shape} CommandRefused
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.CommandRefused & barkeep.v1.CommandRefused.$Shape;
        }

        namespace CommandRefused {

            /** Properties of a CommandRefused. */
            interface $Properties {

                /** CommandRefused operation */
                operation?: (string|null);

                /** CommandRefused reason */
                reason?: (barkeep.v1.Reason|null);

                /** CommandRefused message */
                message?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a CommandRefused. */
            type $Shape = barkeep.v1.CommandRefused.$Properties;
        }

        /**
         * Properties of a GetConfigurationRequest.
         * @deprecated Use barkeep.v1.GetConfigurationRequest.$Properties instead.
         */
        interface IGetConfigurationRequest extends barkeep.v1.GetConfigurationRequest.$Properties {
        }

        /** Represents a GetConfigurationRequest. */
        class GetConfigurationRequest {

            /**
             * Constructs a new GetConfigurationRequest.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.GetConfigurationRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /**
             * Creates a new GetConfigurationRequest instance using the specified properties.
             * @param [properties] Properties to set
             * @returns GetConfigurationRequest instance
             */
            static create(properties: barkeep.v1.GetConfigurationRequest.$Shape): barkeep.v1.GetConfigurationRequest & barkeep.v1.GetConfigurationRequest.$Shape;
            static create(properties?: barkeep.v1.GetConfigurationRequest.$Properties): barkeep.v1.GetConfigurationRequest;

            /**
             * Encodes the specified GetConfigurationRequest message. Does not implicitly {@link barkeep.v1.GetConfigurationRequest.verify|verify} messages.
             * @param m GetConfigurationRequest message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.GetConfigurationRequest.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a GetConfigurationRequest message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.GetConfigurationRequest & barkeep.v1.GetConfigurationRequest.$Shape} GetConfigurationRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.GetConfigurationRequest & barkeep.v1.GetConfigurationRequest.$Shape;
        }

        namespace GetConfigurationRequest {

            /** Properties of a GetConfigurationRequest. */
            interface $Properties {

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a GetConfigurationRequest. */
            type $Shape = barkeep.v1.GetConfigurationRequest.$Properties;
        }

        /**
         * Properties of a GetConfigurationResponse.
         * @deprecated Use barkeep.v1.GetConfigurationResponse.$Properties instead.
         */
        interface IGetConfigurationResponse extends barkeep.v1.GetConfigurationResponse.$Properties {
        }

        /** Represents a GetConfigurationResponse. */
        class GetConfigurationResponse {

            /**
             * Constructs a new GetConfigurationResponse.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.GetConfigurationResponse.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** GetConfigurationResponse configuration. */
            configuration?: (barkeep.v1.Configuration.$Properties|null);

            /**
             * Creates a new GetConfigurationResponse instance using the specified properties.
             * @param [properties] Properties to set
             * @returns GetConfigurationResponse instance
             */
            static create(properties: barkeep.v1.GetConfigurationResponse.$Shape): barkeep.v1.GetConfigurationResponse & barkeep.v1.GetConfigurationResponse.$Shape;
            static create(properties?: barkeep.v1.GetConfigurationResponse.$Properties): barkeep.v1.GetConfigurationResponse;

            /**
             * Encodes the specified GetConfigurationResponse message. Does not implicitly {@link barkeep.v1.GetConfigurationResponse.verify|verify} messages.
             * @param m GetConfigurationResponse message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.GetConfigurationResponse.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a GetConfigurationResponse message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.GetConfigurationResponse & barkeep.v1.GetConfigurationResponse.$Shape} GetConfigurationResponse
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.GetConfigurationResponse & barkeep.v1.GetConfigurationResponse.$Shape;
        }

        namespace GetConfigurationResponse {

            /** Properties of a GetConfigurationResponse. */
            interface $Properties {

                /** GetConfigurationResponse configuration */
                configuration?: (barkeep.v1.Configuration.$Properties|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a GetConfigurationResponse. */
            type $Shape = barkeep.v1.GetConfigurationResponse.$Properties;
        }

        /**
         * Properties of a Configuration.
         * @deprecated Use barkeep.v1.Configuration.$Properties instead.
         */
        interface IConfiguration extends barkeep.v1.Configuration.$Properties {
        }

        /** Represents a Configuration. */
        class Configuration {

            /**
             * Constructs a new Configuration.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.Configuration.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Configuration file. */
            file: string;

            /** Configuration lastReloadSuccessful. */
            lastReloadSuccessful: boolean;

            /** Configuration lastReloadSuccessTime. */
            lastReloadSuccessTime: number;

            /** Configuration problems. */
            problems: string[];

            /** Configuration changed. */
            changed: boolean;

            /**
             * Creates a new Configuration instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Configuration instance
             */
            static create(properties: barkeep.v1.Configuration.$Shape): barkeep.v1.Configuration & barkeep.v1.Configuration.$Shape;
            static create(properties?: barkeep.v1.Configuration.$Properties): barkeep.v1.Configuration;

            /**
             * Encodes the specified Configuration message. Does not implicitly {@link barkeep.v1.Configuration.verify|verify} messages.
             * @param m Configuration message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.Configuration.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Configuration message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.Configuration & barkeep.v1.Configuration.$Shape} Configuration
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.Configuration & barkeep.v1.Configuration.$Shape;
        }

        namespace Configuration {

            /** Properties of a Configuration. */
            interface $Properties {

                /** Configuration file */
                file?: (string|null);

                /** Configuration lastReloadSuccessful */
                lastReloadSuccessful?: (boolean|null);

                /** Configuration lastReloadSuccessTime */
                lastReloadSuccessTime?: (number|null);

                /** Configuration problems */
                problems?: (string[]|null);

                /** Configuration changed */
                changed?: (boolean|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Configuration. */
            type $Shape = barkeep.v1.Configuration.$Properties;
        }

        /**
         * Properties of a GetStatisticsRequest.
         * @deprecated Use barkeep.v1.GetStatisticsRequest.$Properties instead.
         */
        interface IGetStatisticsRequest extends barkeep.v1.GetStatisticsRequest.$Properties {
        }

        /** Represents a GetStatisticsRequest. */
        class GetStatisticsRequest {

            /**
             * Constructs a new GetStatisticsRequest.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.GetStatisticsRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** GetStatisticsRequest pageSize. */
            pageSize: number;

            /** GetStatisticsRequest pageToken. */
            pageToken: string;

            /** GetStatisticsRequest withoutLatencies. */
            withoutLatencies: boolean;

            /**
             * Creates a new GetStatisticsRequest instance using the specified properties.
             * @param [properties] Properties to set
             * @returns GetStatisticsRequest instance
             */
            static create(properties: barkeep.v1.GetStatisticsRequest.$Shape): barkeep.v1.GetStatisticsRequest & barkeep.v1.GetStatisticsRequest.$Shape;
            static create(properties?: barkeep.v1.GetStatisticsRequest.$Properties): barkeep.v1.GetStatisticsRequest;

            /**
             * Encodes the specified GetStatisticsRequest message. Does not implicitly {@link barkeep.v1.GetStatisticsRequest.verify|verify} messages.
             * @param m GetStatisticsRequest message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.GetStatisticsRequest.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a GetStatisticsRequest message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.GetStatisticsRequest & barkeep.v1.GetStatisticsRequest.$Shape} GetStatisticsRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.GetStatisticsRequest & barkeep.v1.GetStatisticsRequest.$Shape;
        }

        namespace GetStatisticsRequest {

            /** Properties of a GetStatisticsRequest. */
            interface $Properties {

                /** GetStatisticsRequest pageSize */
                pageSize?: (number|null);

                /** GetStatisticsRequest pageToken */
                pageToken?: (string|null);

                /** GetStatisticsRequest withoutLatencies */
                withoutLatencies?: (boolean|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a GetStatisticsRequest. */
            type $Shape = barkeep.v1.GetStatisticsRequest.$Properties;
        }

        /**
         * Properties of a GetStatisticsResponse.
         * @deprecated Use barkeep.v1.GetStatisticsResponse.$Properties instead.
         */
        interface IGetStatisticsResponse extends barkeep.v1.GetStatisticsResponse.$Properties {
        }

        /** Represents a GetStatisticsResponse. */
        class GetStatisticsResponse {

            /**
             * Constructs a new GetStatisticsResponse.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.GetStatisticsResponse.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** GetStatisticsResponse version. */
            version: string;

            /** GetStatisticsResponse process. */
            process?: (barkeep.v1.ProcessStatistics.$Properties|null);

            /** GetStatisticsResponse vms. */
            vms: barkeep.v1.VmStatistics.$Properties[];

            /** GetStatisticsResponse heaps. */
            heaps: barkeep.v1.Heap.$Properties[];

            /** GetStatisticsResponse hostCapacity. */
            hostCapacity: (number|Long);

            /** GetStatisticsResponse hostUsed. */
            hostUsed: (number|Long);

            /** GetStatisticsResponse vmsConfigured. */
            vmsConfigured: (number|Long);

            /** GetStatisticsResponse batchSeconds. */
            batchSeconds?: (barkeep.v1.Histogram.$Properties|null);

            /** GetStatisticsResponse tokensIssued. */
            tokensIssued: (number|Long);

            /** GetStatisticsResponse tokensRedeemed. */
            tokensRedeemed: (number|Long);

            /** GetStatisticsResponse tokensRefused. */
            tokensRefused: (number|Long);

            /** GetStatisticsResponse journal. */
            journal?: (barkeep.v1.JournalStatistics.$Properties|null);

            /** GetStatisticsResponse recovery. */
            recovery?: (barkeep.v1.RecoveryStatistics.$Properties|null);

            /** GetStatisticsResponse configuration. */
            configuration?: (barkeep.v1.Configuration.$Properties|null);

            /** GetStatisticsResponse stages. */
            stages: barkeep.v1.StageLatency.$Properties[];

            /** GetStatisticsResponse nextPageToken. */
            nextPageToken: string;

            /** GetStatisticsResponse grants. */
            grants?: (barkeep.v1.GrantStatistics.$Properties|null);

            /**
             * Creates a new GetStatisticsResponse instance using the specified properties.
             * @param [properties] Properties to set
             * @returns GetStatisticsResponse instance
             */
            static create(properties: barkeep.v1.GetStatisticsResponse.$Shape): barkeep.v1.GetStatisticsResponse & barkeep.v1.GetStatisticsResponse.$Shape;
            static create(properties?: barkeep.v1.GetStatisticsResponse.$Properties): barkeep.v1.GetStatisticsResponse;

            /**
             * Encodes the specified GetStatisticsResponse message. Does not implicitly {@link barkeep.v1.GetStatisticsResponse.verify|verify} messages.
             * @param m GetStatisticsResponse message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.GetStatisticsResponse.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a GetStatisticsResponse message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.GetStatisticsResponse & barkeep.v1.GetStatisticsResponse.$Shape} GetStatisticsResponse
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.GetStatisticsResponse & barkeep.v1.GetStatisticsResponse.$Shape;
        }

        namespace GetStatisticsResponse {

            /** Properties of a GetStatisticsResponse. */
            interface $Properties {

                /** GetStatisticsResponse version */
                version?: (string|null);

                /** GetStatisticsResponse process */
                process?: (barkeep.v1.ProcessStatistics.$Properties|null);

                /** GetStatisticsResponse vms */
                vms?: (barkeep.v1.VmStatistics.$Properties[]|null);

                /** GetStatisticsResponse heaps */
                heaps?: (barkeep.v1.Heap.$Properties[]|null);

                /** GetStatisticsResponse hostCapacity */
                hostCapacity?: (number|Long|null);

                /** GetStatisticsResponse hostUsed */
                hostUsed?: (number|Long|null);

                /** GetStatisticsResponse vmsConfigured */
                vmsConfigured?: (number|Long|null);

                /** GetStatisticsResponse batchSeconds */
                batchSeconds?: (barkeep.v1.Histogram.$Properties|null);

                /** GetStatisticsResponse tokensIssued */
                tokensIssued?: (number|Long|null);

                /** GetStatisticsResponse tokensRedeemed */
                tokensRedeemed?: (number|Long|null);

                /** GetStatisticsResponse tokensRefused */
                tokensRefused?: (number|Long|null);

                /** GetStatisticsResponse journal */
                journal?: (barkeep.v1.JournalStatistics.$Properties|null);

                /** GetStatisticsResponse recovery */
                recovery?: (barkeep.v1.RecoveryStatistics.$Properties|null);

                /** GetStatisticsResponse configuration */
                configuration?: (barkeep.v1.Configuration.$Properties|null);

                /** GetStatisticsResponse stages */
                stages?: (barkeep.v1.StageLatency.$Properties[]|null);

                /** GetStatisticsResponse nextPageToken */
                nextPageToken?: (string|null);

                /** GetStatisticsResponse grants */
                grants?: (barkeep.v1.GrantStatistics.$Properties|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a GetStatisticsResponse. */
            type $Shape = barkeep.v1.GetStatisticsResponse.$Properties;
        }

        /**
         * Properties of a GrantStatistics.
         * @deprecated Use barkeep.v1.GrantStatistics.$Properties instead.
         */
        interface IGrantStatistics extends barkeep.v1.GrantStatistics.$Properties {
        }

        /** Represents a GrantStatistics. */
        class GrantStatistics {

            /**
             * Constructs a new GrantStatistics.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.GrantStatistics.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** GrantStatistics waitSeconds. */
            waitSeconds?: (barkeep.v1.Histogram.$Properties|null);

            /** GrantStatistics recalls. */
            recalls: (number|Long);

            /** GrantStatistics refusals. */
            refusals: (number|Long);

            /** GrantStatistics suspensions. */
            suspensions: (number|Long);

            /**
             * Creates a new GrantStatistics instance using the specified properties.
             * @param [properties] Properties to set
             * @returns GrantStatistics instance
             */
            static create(properties: barkeep.v1.GrantStatistics.$Shape): barkeep.v1.GrantStatistics & barkeep.v1.GrantStatistics.$Shape;
            static create(properties?: barkeep.v1.GrantStatistics.$Properties): barkeep.v1.GrantStatistics;

            /**
             * Encodes the specified GrantStatistics message. Does not implicitly {@link barkeep.v1.GrantStatistics.verify|verify} messages.
             * @param m GrantStatistics message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.GrantStatistics.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a GrantStatistics message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.GrantStatistics & barkeep.v1.GrantStatistics.$Shape} GrantStatistics
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.GrantStatistics & barkeep.v1.GrantStatistics.$Shape;
        }

        namespace GrantStatistics {

            /** Properties of a GrantStatistics. */
            interface $Properties {

                /** GrantStatistics waitSeconds */
                waitSeconds?: (barkeep.v1.Histogram.$Properties|null);

                /** GrantStatistics recalls */
                recalls?: (number|Long|null);

                /** GrantStatistics refusals */
                refusals?: (number|Long|null);

                /** GrantStatistics suspensions */
                suspensions?: (number|Long|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a GrantStatistics. */
            type $Shape = barkeep.v1.GrantStatistics.$Properties;
        }

        /**
         * Properties of a JournalStatistics.
         * @deprecated Use barkeep.v1.JournalStatistics.$Properties instead.
         */
        interface IJournalStatistics extends barkeep.v1.JournalStatistics.$Properties {
        }

        /** Represents a JournalStatistics. */
        class JournalStatistics {

            /**
             * Constructs a new JournalStatistics.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.JournalStatistics.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** JournalStatistics active. */
            active: boolean;

            /** JournalStatistics whole. */
            whole: boolean;

            /** JournalStatistics size. */
            size: (number|Long);

            /** JournalStatistics records. */
            records: (number|Long);

            /** JournalStatistics bytes. */
            bytes: (number|Long);

            /** JournalStatistics snapshots. */
            snapshots: (number|Long);

            /** JournalStatistics errors. */
            errors: (number|Long);

            /** JournalStatistics storedFds. */
            storedFds: (number|Long);

            /** JournalStatistics storeErrors. */
            storeErrors: (number|Long);

            /**
             * Creates a new JournalStatistics instance using the specified properties.
             * @param [properties] Properties to set
             * @returns JournalStatistics instance
             */
            static create(properties: barkeep.v1.JournalStatistics.$Shape): barkeep.v1.JournalStatistics & barkeep.v1.JournalStatistics.$Shape;
            static create(properties?: barkeep.v1.JournalStatistics.$Properties): barkeep.v1.JournalStatistics;

            /**
             * Encodes the specified JournalStatistics message. Does not implicitly {@link barkeep.v1.JournalStatistics.verify|verify} messages.
             * @param m JournalStatistics message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.JournalStatistics.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a JournalStatistics message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.JournalStatistics & barkeep.v1.JournalStatistics.$Shape} JournalStatistics
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.JournalStatistics & barkeep.v1.JournalStatistics.$Shape;
        }

        namespace JournalStatistics {

            /** Properties of a JournalStatistics. */
            interface $Properties {

                /** JournalStatistics active */
                active?: (boolean|null);

                /** JournalStatistics whole */
                whole?: (boolean|null);

                /** JournalStatistics size */
                size?: (number|Long|null);

                /** JournalStatistics records */
                records?: (number|Long|null);

                /** JournalStatistics bytes */
                bytes?: (number|Long|null);

                /** JournalStatistics snapshots */
                snapshots?: (number|Long|null);

                /** JournalStatistics errors */
                errors?: (number|Long|null);

                /** JournalStatistics storedFds */
                storedFds?: (number|Long|null);

                /** JournalStatistics storeErrors */
                storeErrors?: (number|Long|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a JournalStatistics. */
            type $Shape = barkeep.v1.JournalStatistics.$Properties;
        }

        /**
         * Properties of a RecoveryStatistics.
         * @deprecated Use barkeep.v1.RecoveryStatistics.$Properties instead.
         */
        interface IRecoveryStatistics extends barkeep.v1.RecoveryStatistics.$Properties {
        }

        /** Represents a RecoveryStatistics. */
        class RecoveryStatistics {

            /**
             * Constructs a new RecoveryStatistics.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.RecoveryStatistics.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** RecoveryStatistics vmsAdopted. */
            vmsAdopted: (number|Long);

            /** RecoveryStatistics vmsLost. */
            vmsLost: (number|Long);

            /** RecoveryStatistics fdsAdopted. */
            fdsAdopted: (number|Long);

            /** RecoveryStatistics fdsOrphaned. */
            fdsOrphaned: (number|Long);

            /** RecoveryStatistics records. */
            records: (number|Long);

            /** RecoveryStatistics tornBytes. */
            tornBytes: (number|Long);

            /** RecoveryStatistics seconds. */
            seconds: number;

            /**
             * Creates a new RecoveryStatistics instance using the specified properties.
             * @param [properties] Properties to set
             * @returns RecoveryStatistics instance
             */
            static create(properties: barkeep.v1.RecoveryStatistics.$Shape): barkeep.v1.RecoveryStatistics & barkeep.v1.RecoveryStatistics.$Shape;
            static create(properties?: barkeep.v1.RecoveryStatistics.$Properties): barkeep.v1.RecoveryStatistics;

            /**
             * Encodes the specified RecoveryStatistics message. Does not implicitly {@link barkeep.v1.RecoveryStatistics.verify|verify} messages.
             * @param m RecoveryStatistics message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.RecoveryStatistics.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a RecoveryStatistics message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.RecoveryStatistics & barkeep.v1.RecoveryStatistics.$Shape} RecoveryStatistics
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.RecoveryStatistics & barkeep.v1.RecoveryStatistics.$Shape;
        }

        namespace RecoveryStatistics {

            /** Properties of a RecoveryStatistics. */
            interface $Properties {

                /** RecoveryStatistics vmsAdopted */
                vmsAdopted?: (number|Long|null);

                /** RecoveryStatistics vmsLost */
                vmsLost?: (number|Long|null);

                /** RecoveryStatistics fdsAdopted */
                fdsAdopted?: (number|Long|null);

                /** RecoveryStatistics fdsOrphaned */
                fdsOrphaned?: (number|Long|null);

                /** RecoveryStatistics records */
                records?: (number|Long|null);

                /** RecoveryStatistics tornBytes */
                tornBytes?: (number|Long|null);

                /** RecoveryStatistics seconds */
                seconds?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a RecoveryStatistics. */
            type $Shape = barkeep.v1.RecoveryStatistics.$Properties;
        }

        /**
         * Properties of a VmStatistics.
         * @deprecated Use barkeep.v1.VmStatistics.$Properties instead.
         */
        interface IVmStatistics extends barkeep.v1.VmStatistics.$Properties {
        }

        /** Represents a VmStatistics. */
        class VmStatistics {

            /**
             * Constructs a new VmStatistics.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.VmStatistics.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** VmStatistics vm. */
            vm?: (barkeep.v1.Vm.$Properties|null);

            /** VmStatistics window. */
            window?: (barkeep.v1.Window.$Properties|null);

            /** VmStatistics caches. */
            caches: barkeep.v1.CacheStatistics.$Properties[];

            /** VmStatistics operations. */
            operations: barkeep.v1.OperationCount.$Properties[];

            /** VmStatistics refusals. */
            refusals: barkeep.v1.RefusalCount.$Properties[];

            /** VmStatistics frontend. */
            frontend?: (barkeep.v1.FrontendStatistics.$Properties|null);

            /**
             * Creates a new VmStatistics instance using the specified properties.
             * @param [properties] Properties to set
             * @returns VmStatistics instance
             */
            static create(properties: barkeep.v1.VmStatistics.$Shape): barkeep.v1.VmStatistics & barkeep.v1.VmStatistics.$Shape;
            static create(properties?: barkeep.v1.VmStatistics.$Properties): barkeep.v1.VmStatistics;

            /**
             * Encodes the specified VmStatistics message. Does not implicitly {@link barkeep.v1.VmStatistics.verify|verify} messages.
             * @param m VmStatistics message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.VmStatistics.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a VmStatistics message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.VmStatistics & barkeep.v1.VmStatistics.$Shape} VmStatistics
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.VmStatistics & barkeep.v1.VmStatistics.$Shape;
        }

        namespace VmStatistics {

            /** Properties of a VmStatistics. */
            interface $Properties {

                /** VmStatistics vm */
                vm?: (barkeep.v1.Vm.$Properties|null);

                /** VmStatistics window */
                window?: (barkeep.v1.Window.$Properties|null);

                /** VmStatistics caches */
                caches?: (barkeep.v1.CacheStatistics.$Properties[]|null);

                /** VmStatistics operations */
                operations?: (barkeep.v1.OperationCount.$Properties[]|null);

                /** VmStatistics refusals */
                refusals?: (barkeep.v1.RefusalCount.$Properties[]|null);

                /** VmStatistics frontend */
                frontend?: (barkeep.v1.FrontendStatistics.$Properties|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a VmStatistics. */
            type $Shape = barkeep.v1.VmStatistics.$Properties;
        }

        /**
         * Properties of a CacheStatistics.
         * @deprecated Use barkeep.v1.CacheStatistics.$Properties instead.
         */
        interface ICacheStatistics extends barkeep.v1.CacheStatistics.$Properties {
        }

        /** Represents a CacheStatistics. */
        class CacheStatistics {

            /**
             * Constructs a new CacheStatistics.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.CacheStatistics.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** CacheStatistics cache. */
            cache: barkeep.v1.CacheType;

            /** CacheStatistics mappings. */
            mappings: (number|Long);

            /** CacheStatistics mappedBytes. */
            mappedBytes: (number|Long);

            /**
             * Creates a new CacheStatistics instance using the specified properties.
             * @param [properties] Properties to set
             * @returns CacheStatistics instance
             */
            static create(properties: barkeep.v1.CacheStatistics.$Shape): barkeep.v1.CacheStatistics & barkeep.v1.CacheStatistics.$Shape;
            static create(properties?: barkeep.v1.CacheStatistics.$Properties): barkeep.v1.CacheStatistics;

            /**
             * Encodes the specified CacheStatistics message. Does not implicitly {@link barkeep.v1.CacheStatistics.verify|verify} messages.
             * @param m CacheStatistics message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.CacheStatistics.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a CacheStatistics message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.CacheStatistics & barkeep.v1.CacheStatistics.$Shape} CacheStatistics
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.CacheStatistics & barkeep.v1.CacheStatistics.$Shape;
        }

        namespace CacheStatistics {

            /** Properties of a CacheStatistics. */
            interface $Properties {

                /** CacheStatistics cache */
                cache?: (barkeep.v1.CacheType|null);

                /** CacheStatistics mappings */
                mappings?: (number|Long|null);

                /** CacheStatistics mappedBytes */
                mappedBytes?: (number|Long|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a CacheStatistics. */
            type $Shape = barkeep.v1.CacheStatistics.$Properties;
        }

        /**
         * Properties of an OperationCount.
         * @deprecated Use barkeep.v1.OperationCount.$Properties instead.
         */
        interface IOperationCount extends barkeep.v1.OperationCount.$Properties {
        }

        /** Represents an OperationCount. */
        class OperationCount {

            /**
             * Constructs a new OperationCount.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.OperationCount.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** OperationCount operation. */
            operation: string;

            /** OperationCount result. */
            result: string;

            /** OperationCount count. */
            count: (number|Long);

            /**
             * Creates a new OperationCount instance using the specified properties.
             * @param [properties] Properties to set
             * @returns OperationCount instance
             */
            static create(properties: barkeep.v1.OperationCount.$Shape): barkeep.v1.OperationCount & barkeep.v1.OperationCount.$Shape;
            static create(properties?: barkeep.v1.OperationCount.$Properties): barkeep.v1.OperationCount;

            /**
             * Encodes the specified OperationCount message. Does not implicitly {@link barkeep.v1.OperationCount.verify|verify} messages.
             * @param m OperationCount message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.OperationCount.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an OperationCount message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.OperationCount & barkeep.v1.OperationCount.$Shape} OperationCount
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.OperationCount & barkeep.v1.OperationCount.$Shape;
        }

        namespace OperationCount {

            /** Properties of an OperationCount. */
            interface $Properties {

                /** OperationCount operation */
                operation?: (string|null);

                /** OperationCount result */
                result?: (string|null);

                /** OperationCount count */
                count?: (number|Long|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an OperationCount. */
            type $Shape = barkeep.v1.OperationCount.$Properties;
        }

        /**
         * Properties of a RefusalCount.
         * @deprecated Use barkeep.v1.RefusalCount.$Properties instead.
         */
        interface IRefusalCount extends barkeep.v1.RefusalCount.$Properties {
        }

        /** Represents a RefusalCount. */
        class RefusalCount {

            /**
             * Constructs a new RefusalCount.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.RefusalCount.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** RefusalCount reason. */
            reason: barkeep.v1.Reason;

            /** RefusalCount count. */
            count: (number|Long);

            /**
             * Creates a new RefusalCount instance using the specified properties.
             * @param [properties] Properties to set
             * @returns RefusalCount instance
             */
            static create(properties: barkeep.v1.RefusalCount.$Shape): barkeep.v1.RefusalCount & barkeep.v1.RefusalCount.$Shape;
            static create(properties?: barkeep.v1.RefusalCount.$Properties): barkeep.v1.RefusalCount;

            /**
             * Encodes the specified RefusalCount message. Does not implicitly {@link barkeep.v1.RefusalCount.verify|verify} messages.
             * @param m RefusalCount message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.RefusalCount.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a RefusalCount message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.RefusalCount & barkeep.v1.RefusalCount.$Shape} RefusalCount
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.RefusalCount & barkeep.v1.RefusalCount.$Shape;
        }

        namespace RefusalCount {

            /** Properties of a RefusalCount. */
            interface $Properties {

                /** RefusalCount reason */
                reason?: (barkeep.v1.Reason|null);

                /** RefusalCount count */
                count?: (number|Long|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a RefusalCount. */
            type $Shape = barkeep.v1.RefusalCount.$Properties;
        }

        /** Represents a BrokerService */
        class BrokerService extends $protobuf.rpc.Service {

            /**
             * Constructs a new BrokerService service.
             * @param rpcImpl RPC implementation
             * @param [requestDelimited=false] Whether requests are length-delimited
             * @param [responseDelimited=false] Whether responses are length-delimited
             */
            constructor(rpcImpl: $protobuf.RPCImpl, requestDelimited?: boolean, responseDelimited?: boolean);

            /**
             * Creates new BrokerService service using the specified rpc implementation.
             * @param rpcImpl RPC implementation
             * @param [requestDelimited=false] Whether requests are length-delimited
             * @param [responseDelimited=false] Whether responses are length-delimited
             * @returns RPC service. Useful where requests and/or responses are streamed.
             */
            static create(rpcImpl: $protobuf.RPCImpl, requestDelimited?: boolean, responseDelimited?: boolean): BrokerService;

            /** Calls Session. */
            session: barkeep.v1.BrokerService.Session;

            /** Calls AttachVm. */
            attachVm: barkeep.v1.BrokerService.AttachVm;

            /** Calls DetachVm. */
            detachVm: barkeep.v1.BrokerService.DetachVm;

            /** Calls CreateBlob. */
            createBlob: barkeep.v1.BrokerService.CreateBlob;

            /** Calls MapBlob. */
            mapBlob: barkeep.v1.BrokerService.MapBlob;

            /** Calls UnmapBlob. */
            unmapBlob: barkeep.v1.BrokerService.UnmapBlob;

            /** Calls DestroyBlob. */
            destroyBlob: barkeep.v1.BrokerService.DestroyBlob;

            /** Calls ResetVm. */
            resetVm: barkeep.v1.BrokerService.ResetVm;
        }

        namespace BrokerService {

            /**
             * Callback as used by {@link barkeep.v1.BrokerService#session}.
             * @param error Error, if any
             * @param [response] SessionResponse
             */
            type SessionCallback = (error: (Error|null), response?: barkeep.v1.SessionResponse) => void;

            /** Calls Session. */
            type Session = {
              (request: barkeep.v1.ISessionRequest, callback: barkeep.v1.BrokerService.SessionCallback): void;
              (request: barkeep.v1.ISessionRequest): Promise<barkeep.v1.SessionResponse>;
              readonly name: "Session";
              readonly path: "/barkeep.v1.BrokerService/Session";
              readonly requestType: "SessionRequest";
              readonly responseType: "SessionResponse";
              readonly requestStream: true;
              readonly responseStream: true;
            };

            /**
             * Callback as used by {@link barkeep.v1.BrokerService#attachVm}.
             * @param error Error, if any
             * @param [response] AttachVmResponse
             */
            type AttachVmCallback = (error: (Error|null), response?: barkeep.v1.AttachVmResponse) => void;

            /** Calls AttachVm. */
            type AttachVm = {
              (request: barkeep.v1.IAttachVmRequest, callback: barkeep.v1.BrokerService.AttachVmCallback): void;
              (request: barkeep.v1.IAttachVmRequest): Promise<barkeep.v1.AttachVmResponse>;
              readonly name: "AttachVm";
              readonly path: "/barkeep.v1.BrokerService/AttachVm";
              readonly requestType: "AttachVmRequest";
              readonly responseType: "AttachVmResponse";
              readonly requestStream: undefined;
              readonly responseStream: undefined;
            };

            /**
             * Callback as used by {@link barkeep.v1.BrokerService#detachVm}.
             * @param error Error, if any
             * @param [response] DetachVmResponse
             */
            type DetachVmCallback = (error: (Error|null), response?: barkeep.v1.DetachVmResponse) => void;

            /** Calls DetachVm. */
            type DetachVm = {
              (request: barkeep.v1.IDetachVmRequest, callback: barkeep.v1.BrokerService.DetachVmCallback): void;
              (request: barkeep.v1.IDetachVmRequest): Promise<barkeep.v1.DetachVmResponse>;
              readonly name: "DetachVm";
              readonly path: "/barkeep.v1.BrokerService/DetachVm";
              readonly requestType: "DetachVmRequest";
              readonly responseType: "DetachVmResponse";
              readonly requestStream: undefined;
              readonly responseStream: undefined;
            };

            /**
             * Callback as used by {@link barkeep.v1.BrokerService#createBlob}.
             * @param error Error, if any
             * @param [response] CreateBlobResponse
             */
            type CreateBlobCallback = (error: (Error|null), response?: barkeep.v1.CreateBlobResponse) => void;

            /** Calls CreateBlob. */
            type CreateBlob = {
              (request: barkeep.v1.ICreateBlobRequest, callback: barkeep.v1.BrokerService.CreateBlobCallback): void;
              (request: barkeep.v1.ICreateBlobRequest): Promise<barkeep.v1.CreateBlobResponse>;
              readonly name: "CreateBlob";
              readonly path: "/barkeep.v1.BrokerService/CreateBlob";
              readonly requestType: "CreateBlobRequest";
              readonly responseType: "CreateBlobResponse";
              readonly requestStream: undefined;
              readonly responseStream: undefined;
            };

            /**
             * Callback as used by {@link barkeep.v1.BrokerService#mapBlob}.
             * @param error Error, if any
             * @param [response] MapBlobResponse
             */
            type MapBlobCallback = (error: (Error|null), response?: barkeep.v1.MapBlobResponse) => void;

            /** Calls MapBlob. */
            type MapBlob = {
              (request: barkeep.v1.IMapBlobRequest, callback: barkeep.v1.BrokerService.MapBlobCallback): void;
              (request: barkeep.v1.IMapBlobRequest): Promise<barkeep.v1.MapBlobResponse>;
              readonly name: "MapBlob";
              readonly path: "/barkeep.v1.BrokerService/MapBlob";
              readonly requestType: "MapBlobRequest";
              readonly responseType: "MapBlobResponse";
              readonly requestStream: undefined;
              readonly responseStream: undefined;
            };

            /**
             * Callback as used by {@link barkeep.v1.BrokerService#unmapBlob}.
             * @param error Error, if any
             * @param [response] UnmapBlobResponse
             */
            type UnmapBlobCallback = (error: (Error|null), response?: barkeep.v1.UnmapBlobResponse) => void;

            /** Calls UnmapBlob. */
            type UnmapBlob = {
              (request: barkeep.v1.IUnmapBlobRequest, callback: barkeep.v1.BrokerService.UnmapBlobCallback): void;
              (request: barkeep.v1.IUnmapBlobRequest): Promise<barkeep.v1.UnmapBlobResponse>;
              readonly name: "UnmapBlob";
              readonly path: "/barkeep.v1.BrokerService/UnmapBlob";
              readonly requestType: "UnmapBlobRequest";
              readonly responseType: "UnmapBlobResponse";
              readonly requestStream: undefined;
              readonly responseStream: undefined;
            };

            /**
             * Callback as used by {@link barkeep.v1.BrokerService#destroyBlob}.
             * @param error Error, if any
             * @param [response] DestroyBlobResponse
             */
            type DestroyBlobCallback = (error: (Error|null), response?: barkeep.v1.DestroyBlobResponse) => void;

            /** Calls DestroyBlob. */
            type DestroyBlob = {
              (request: barkeep.v1.IDestroyBlobRequest, callback: barkeep.v1.BrokerService.DestroyBlobCallback): void;
              (request: barkeep.v1.IDestroyBlobRequest): Promise<barkeep.v1.DestroyBlobResponse>;
              readonly name: "DestroyBlob";
              readonly path: "/barkeep.v1.BrokerService/DestroyBlob";
              readonly requestType: "DestroyBlobRequest";
              readonly responseType: "DestroyBlobResponse";
              readonly requestStream: undefined;
              readonly responseStream: undefined;
            };

            /**
             * Callback as used by {@link barkeep.v1.BrokerService#resetVm}.
             * @param error Error, if any
             * @param [response] ResetVmResponse
             */
            type ResetVmCallback = (error: (Error|null), response?: barkeep.v1.ResetVmResponse) => void;

            /** Calls ResetVm. */
            type ResetVm = {
              (request: barkeep.v1.IResetVmRequest, callback: barkeep.v1.BrokerService.ResetVmCallback): void;
              (request: barkeep.v1.IResetVmRequest): Promise<barkeep.v1.ResetVmResponse>;
              readonly name: "ResetVm";
              readonly path: "/barkeep.v1.BrokerService/ResetVm";
              readonly requestType: "ResetVmRequest";
              readonly responseType: "ResetVmResponse";
              readonly requestStream: undefined;
              readonly responseStream: undefined;
            };
        }

        /**
         * Properties of a SessionRequest.
         * @deprecated Use barkeep.v1.SessionRequest.$Properties instead.
         */
        interface ISessionRequest extends barkeep.v1.SessionRequest.$Properties {
        }

        /** Represents a SessionRequest. */
        class SessionRequest {

            /**
             * Constructs a new SessionRequest.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.SessionRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** SessionRequest attach. */
            attach?: (barkeep.v1.Attach.$Properties|null);

            /** SessionRequest batch. */
            batch?: (barkeep.v1.Batch.$Properties|null);

            /** SessionRequest statistics. */
            statistics?: (barkeep.v1.FrontendStatistics.$Properties|null);

            /** SessionRequest detach. */
            detach?: (barkeep.v1.Detach.$Properties|null);

            /** SessionRequest accounts. */
            accounts?: (barkeep.v1.Accounts.$Properties|null);

            /** SessionRequest grantRequest. */
            grantRequest?: (barkeep.v1.GrantRequest.$Properties|null);

            /** SessionRequest memoryRequest. */
            memoryRequest?: (barkeep.v1.MemoryRequest.$Properties|null);

            /** SessionRequest kind. */
            kind?: ("attach"|"batch"|"statistics"|"detach"|"accounts"|"grantRequest"|"memoryRequest");

            /**
             * Creates a new SessionRequest instance using the specified properties.
             * @param [properties] Properties to set
             * @returns SessionRequest instance
             */
            static create(properties: barkeep.v1.SessionRequest.$Shape): barkeep.v1.SessionRequest & barkeep.v1.SessionRequest.$Shape;
            static create(properties?: barkeep.v1.SessionRequest.$Properties): barkeep.v1.SessionRequest;

            /**
             * Encodes the specified SessionRequest message. Does not implicitly {@link barkeep.v1.SessionRequest.verify|verify} messages.
             * @param m SessionRequest message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.SessionRequest.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a SessionRequest message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.SessionRequest & barkeep.v1.SessionRequest.$Shape} SessionRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.SessionRequest & barkeep.v1.SessionRequest.$Shape;
        }

        namespace SessionRequest {

            /** Properties of a SessionRequest. */
            interface $Properties {

                /** SessionRequest attach */
                attach?: (barkeep.v1.Attach.$Properties|null);

                /** SessionRequest batch */
                batch?: (barkeep.v1.Batch.$Properties|null);

                /** SessionRequest statistics */
                statistics?: (barkeep.v1.FrontendStatistics.$Properties|null);

                /** SessionRequest detach */
                detach?: (barkeep.v1.Detach.$Properties|null);

                /** SessionRequest accounts */
                accounts?: (barkeep.v1.Accounts.$Properties|null);

                /** SessionRequest grantRequest */
                grantRequest?: (barkeep.v1.GrantRequest.$Properties|null);

                /** SessionRequest memoryRequest */
                memoryRequest?: (barkeep.v1.MemoryRequest.$Properties|null);

                /** SessionRequest kind */
                kind?: ("attach"|"batch"|"statistics"|"detach"|"accounts"|"grantRequest"|"memoryRequest");

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Narrowed shape of a SessionRequest. */
            type $Shape = {
              attach?: barkeep.v1.Attach.$Shape|null;
              batch?: barkeep.v1.Batch.$Shape|null;
              statistics?: barkeep.v1.FrontendStatistics.$Shape|null;
              detach?: barkeep.v1.Detach.$Shape|null;
              accounts?: barkeep.v1.Accounts.$Shape|null;
              grantRequest?: barkeep.v1.GrantRequest.$Shape|null;
              memoryRequest?: barkeep.v1.MemoryRequest.$Shape|null;
              $unknowns?: Uint8Array[];
            } & (
              ({ kind?: undefined; attach?: null; batch?: null; statistics?: null; detach?: null; accounts?: null; grantRequest?: null; memoryRequest?: null }|{ kind?: "attach"; attach: barkeep.v1.Attach.$Shape; batch?: null; statistics?: null; detach?: null; accounts?: null; grantRequest?: null; memoryRequest?: null }|{ kind?: "batch"; attach?: null; batch: barkeep.v1.Batch.$Shape; statistics?: null; detach?: null; accounts?: null; grantRequest?: null; memoryRequest?: null }|{ kind?: "statistics"; attach?: null; batch?: null; statistics: barkeep.v1.FrontendStatistics.$Shape; detach?: null; accounts?: null; grantRequest?: null; memoryRequest?: null }|{ kind?: "detach"; attach?: null; batch?: null; statistics?: null; detach: barkeep.v1.Detach.$Shape; accounts?: null; grantRequest?: null; memoryRequest?: null }|{ kind?: "accounts"; attach?: null; batch?: null; statistics?: null; detach?: null; accounts: barkeep.v1.Accounts.$Shape; grantRequest?: null; memoryRequest?: null }|{ kind?: "grantRequest"; attach?: null; batch?: null; statistics?: null; detach?: null; accounts?: null; grantRequest: barkeep.v1.GrantRequest.$Shape; memoryRequest?: null }|{ kind?: "memoryRequest"; attach?: null; batch?: null; statistics?: null; detach?: null; accounts?: null; grantRequest?: null; memoryRequest: barkeep.v1.MemoryRequest.$Shape })
            );
        }

        /**
         * Properties of a SessionResponse.
         * @deprecated Use barkeep.v1.SessionResponse.$Properties instead.
         */
        interface ISessionResponse extends barkeep.v1.SessionResponse.$Properties {
        }

        /** Represents a SessionResponse. */
        class SessionResponse {

            /**
             * Constructs a new SessionResponse.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.SessionResponse.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** SessionResponse attached. */
            attached?: (barkeep.v1.Attached.$Properties|null);

            /** SessionResponse batch. */
            batch?: (barkeep.v1.BatchReply.$Properties|null);

            /** SessionResponse entered. */
            entered?: (barkeep.v1.AccountsEntered.$Properties|null);

            /** SessionResponse grant. */
            grant?: (barkeep.v1.Grant.$Properties|null);

            /** SessionResponse recall. */
            recall?: (barkeep.v1.Recall.$Properties|null);

            /** SessionResponse revoked. */
            revoked?: (barkeep.v1.Revoked.$Properties|null);

            /** SessionResponse memory. */
            memory?: (barkeep.v1.Memory.$Properties|null);

            /** SessionResponse kind. */
            kind?: ("attached"|"batch"|"entered"|"grant"|"recall"|"revoked"|"memory");

            /**
             * Creates a new SessionResponse instance using the specified properties.
             * @param [properties] Properties to set
             * @returns SessionResponse instance
             */
            static create(properties: barkeep.v1.SessionResponse.$Shape): barkeep.v1.SessionResponse & barkeep.v1.SessionResponse.$Shape;
            static create(properties?: barkeep.v1.SessionResponse.$Properties): barkeep.v1.SessionResponse;

            /**
             * Encodes the specified SessionResponse message. Does not implicitly {@link barkeep.v1.SessionResponse.verify|verify} messages.
             * @param m SessionResponse message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.SessionResponse.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a SessionResponse message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.SessionResponse & barkeep.v1.SessionResponse.$Shape} SessionResponse
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.SessionResponse & barkeep.v1.SessionResponse.$Shape;
        }

        namespace SessionResponse {

            /** Properties of a SessionResponse. */
            interface $Properties {

                /** SessionResponse attached */
                attached?: (barkeep.v1.Attached.$Properties|null);

                /** SessionResponse batch */
                batch?: (barkeep.v1.BatchReply.$Properties|null);

                /** SessionResponse entered */
                entered?: (barkeep.v1.AccountsEntered.$Properties|null);

                /** SessionResponse grant */
                grant?: (barkeep.v1.Grant.$Properties|null);

                /** SessionResponse recall */
                recall?: (barkeep.v1.Recall.$Properties|null);

                /** SessionResponse revoked */
                revoked?: (barkeep.v1.Revoked.$Properties|null);

                /** SessionResponse memory */
                memory?: (barkeep.v1.Memory.$Properties|null);

                /** SessionResponse kind */
                kind?: ("attached"|"batch"|"entered"|"grant"|"recall"|"revoked"|"memory");

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Narrowed shape of a SessionResponse. */
            type $Shape = {
              attached?: barkeep.v1.Attached.$Shape|null;
              batch?: barkeep.v1.BatchReply.$Shape|null;
              entered?: barkeep.v1.AccountsEntered.$Shape|null;
              grant?: barkeep.v1.Grant.$Shape|null;
              recall?: barkeep.v1.Recall.$Shape|null;
              revoked?: barkeep.v1.Revoked.$Shape|null;
              memory?: barkeep.v1.Memory.$Shape|null;
              $unknowns?: Uint8Array[];
            } & (
              ({ kind?: undefined; attached?: null; batch?: null; entered?: null; grant?: null; recall?: null; revoked?: null; memory?: null }|{ kind?: "attached"; attached: barkeep.v1.Attached.$Shape; batch?: null; entered?: null; grant?: null; recall?: null; revoked?: null; memory?: null }|{ kind?: "batch"; attached?: null; batch: barkeep.v1.BatchReply.$Shape; entered?: null; grant?: null; recall?: null; revoked?: null; memory?: null }|{ kind?: "entered"; attached?: null; batch?: null; entered: barkeep.v1.AccountsEntered.$Shape; grant?: null; recall?: null; revoked?: null; memory?: null }|{ kind?: "grant"; attached?: null; batch?: null; entered?: null; grant: barkeep.v1.Grant.$Shape; recall?: null; revoked?: null; memory?: null }|{ kind?: "recall"; attached?: null; batch?: null; entered?: null; grant?: null; recall: barkeep.v1.Recall.$Shape; revoked?: null; memory?: null }|{ kind?: "revoked"; attached?: null; batch?: null; entered?: null; grant?: null; recall?: null; revoked: barkeep.v1.Revoked.$Shape; memory?: null }|{ kind?: "memory"; attached?: null; batch?: null; entered?: null; grant?: null; recall?: null; revoked?: null; memory: barkeep.v1.Memory.$Shape })
            );
        }

        /**
         * Properties of an Attach.
         * @deprecated Use barkeep.v1.Attach.$Properties instead.
         */
        interface IAttach extends barkeep.v1.Attach.$Properties {
        }

        /** Represents an Attach. */
        class Attach {

            /**
             * Constructs a new Attach.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.Attach.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Attach vm. */
            vm: string;

            /** Attach secret. */
            secret: string;

            /** Attach session. */
            session: Uint8Array;

            /** Attach decides. */
            decides: boolean;

            /** Attach asksMemory. */
            asksMemory: boolean;

            /**
             * Creates a new Attach instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Attach instance
             */
            static create(properties: barkeep.v1.Attach.$Shape): barkeep.v1.Attach & barkeep.v1.Attach.$Shape;
            static create(properties?: barkeep.v1.Attach.$Properties): barkeep.v1.Attach;

            /**
             * Encodes the specified Attach message. Does not implicitly {@link barkeep.v1.Attach.verify|verify} messages.
             * @param m Attach message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.Attach.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an Attach message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.Attach & barkeep.v1.Attach.$Shape} Attach
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.Attach & barkeep.v1.Attach.$Shape;
        }

        namespace Attach {

            /** Properties of an Attach. */
            interface $Properties {

                /** Attach vm */
                vm?: (string|null);

                /** Attach secret */
                secret?: (string|null);

                /** Attach session */
                session?: (Uint8Array|null);

                /** Attach decides */
                decides?: (boolean|null);

                /** Attach asksMemory */
                asksMemory?: (boolean|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an Attach. */
            type $Shape = barkeep.v1.Attach.$Properties;
        }

        /**
         * Properties of an Attached.
         * @deprecated Use barkeep.v1.Attached.$Properties instead.
         */
        interface IAttached extends barkeep.v1.Attached.$Properties {
        }

        /** Represents an Attached. */
        class Attached {

            /**
             * Constructs a new Attached.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.Attached.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Attached session. */
            session: Uint8Array;

            /** Attached resumed. */
            resumed: boolean;

            /** Attached lastNumber. */
            lastNumber: (number|Long);

            /** Attached generation. */
            generation: (number|Long);

            /** Attached placement. */
            placement: barkeep.v1.Placement;

            /** Attached windowSize. */
            windowSize: (number|Long);

            /** Attached window. */
            window?: (barkeep.v1.MemoryHandle.$Properties|null);

            /** Attached brokerVersion. */
            brokerVersion: string;

            /** Attached scanouts. */
            scanouts: number;

            /** Attached blobAlignment. */
            blobAlignment: (number|Long);

            /** Attached grant. */
            grant?: (barkeep.v1.Grant.$Properties|null);

            /** Attached rules. */
            rules?: (barkeep.v1.Rules.$Properties|null);

            /** Attached accountsVersion. */
            accountsVersion: (number|Long);

            /** Attached knowsGrants. */
            knowsGrants: boolean;

            /** Attached windowWanted. */
            windowWanted?: (barkeep.v1.MemoryHandle.$Properties|null);

            /**
             * Creates a new Attached instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Attached instance
             */
            static create(properties: barkeep.v1.Attached.$Shape): barkeep.v1.Attached & barkeep.v1.Attached.$Shape;
            static create(properties?: barkeep.v1.Attached.$Properties): barkeep.v1.Attached;

            /**
             * Encodes the specified Attached message. Does not implicitly {@link barkeep.v1.Attached.verify|verify} messages.
             * @param m Attached message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.Attached.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an Attached message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.Attached & barkeep.v1.Attached.$Shape} Attached
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.Attached & barkeep.v1.Attached.$Shape;
        }

        namespace Attached {

            /** Properties of an Attached. */
            interface $Properties {

                /** Attached session */
                session?: (Uint8Array|null);

                /** Attached resumed */
                resumed?: (boolean|null);

                /** Attached lastNumber */
                lastNumber?: (number|Long|null);

                /** Attached generation */
                generation?: (number|Long|null);

                /** Attached placement */
                placement?: (barkeep.v1.Placement|null);

                /** Attached windowSize */
                windowSize?: (number|Long|null);

                /** Attached window */
                window?: (barkeep.v1.MemoryHandle.$Properties|null);

                /** Attached brokerVersion */
                brokerVersion?: (string|null);

                /** Attached scanouts */
                scanouts?: (number|null);

                /** Attached blobAlignment */
                blobAlignment?: (number|Long|null);

                /** Attached grant */
                grant?: (barkeep.v1.Grant.$Properties|null);

                /** Attached rules */
                rules?: (barkeep.v1.Rules.$Properties|null);

                /** Attached accountsVersion */
                accountsVersion?: (number|Long|null);

                /** Attached knowsGrants */
                knowsGrants?: (boolean|null);

                /** Attached windowWanted */
                windowWanted?: (barkeep.v1.MemoryHandle.$Properties|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an Attached. */
            type $Shape = barkeep.v1.Attached.$Properties;
        }

        /**
         * Properties of a Rules.
         * @deprecated Use barkeep.v1.Rules.$Properties instead.
         */
        interface IRules extends barkeep.v1.Rules.$Properties {
        }

        /** Represents a Rules. */
        class Rules {

            /**
             * Constructs a new Rules.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.Rules.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Rules quotaBytes. */
            quotaBytes: (number|Long);

            /** Rules quotaMappings. */
            quotaMappings: (number|Long);

            /** Rules quotaAllocations. */
            quotaAllocations: (number|Long);

            /** Rules defaultHeap. */
            defaultHeap: string;

            /** Rules blobHeaps. */
            blobHeaps: barkeep.v1.BlobIdHeap.$Properties[];

            /** Rules heaps. */
            heaps: barkeep.v1.HeapRules.$Properties[];

            /** Rules populate. */
            populate: boolean;

            /**
             * Creates a new Rules instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Rules instance
             */
            static create(properties: barkeep.v1.Rules.$Shape): barkeep.v1.Rules & barkeep.v1.Rules.$Shape;
            static create(properties?: barkeep.v1.Rules.$Properties): barkeep.v1.Rules;

            /**
             * Encodes the specified Rules message. Does not implicitly {@link barkeep.v1.Rules.verify|verify} messages.
             * @param m Rules message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.Rules.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Rules message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.Rules & barkeep.v1.Rules.$Shape} Rules
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.Rules & barkeep.v1.Rules.$Shape;
        }

        namespace Rules {

            /** Properties of a Rules. */
            interface $Properties {

                /** Rules quotaBytes */
                quotaBytes?: (number|Long|null);

                /** Rules quotaMappings */
                quotaMappings?: (number|Long|null);

                /** Rules quotaAllocations */
                quotaAllocations?: (number|Long|null);

                /** Rules defaultHeap */
                defaultHeap?: (string|null);

                /** Rules blobHeaps */
                blobHeaps?: (barkeep.v1.BlobIdHeap.$Properties[]|null);

                /** Rules heaps */
                heaps?: (barkeep.v1.HeapRules.$Properties[]|null);

                /** Rules populate */
                populate?: (boolean|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Rules. */
            type $Shape = barkeep.v1.Rules.$Properties;
        }

        /**
         * Properties of a BlobIdHeap.
         * @deprecated Use barkeep.v1.BlobIdHeap.$Properties instead.
         */
        interface IBlobIdHeap extends barkeep.v1.BlobIdHeap.$Properties {
        }

        /** Represents a BlobIdHeap. */
        class BlobIdHeap {

            /**
             * Constructs a new BlobIdHeap.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.BlobIdHeap.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** BlobIdHeap blobId. */
            blobId: (number|Long);

            /** BlobIdHeap heap. */
            heap: string;

            /**
             * Creates a new BlobIdHeap instance using the specified properties.
             * @param [properties] Properties to set
             * @returns BlobIdHeap instance
             */
            static create(properties: barkeep.v1.BlobIdHeap.$Shape): barkeep.v1.BlobIdHeap & barkeep.v1.BlobIdHeap.$Shape;
            static create(properties?: barkeep.v1.BlobIdHeap.$Properties): barkeep.v1.BlobIdHeap;

            /**
             * Encodes the specified BlobIdHeap message. Does not implicitly {@link barkeep.v1.BlobIdHeap.verify|verify} messages.
             * @param m BlobIdHeap message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.BlobIdHeap.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a BlobIdHeap message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.BlobIdHeap & barkeep.v1.BlobIdHeap.$Shape} BlobIdHeap
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.BlobIdHeap & barkeep.v1.BlobIdHeap.$Shape;
        }

        namespace BlobIdHeap {

            /** Properties of a BlobIdHeap. */
            interface $Properties {

                /** BlobIdHeap blobId */
                blobId?: (number|Long|null);

                /** BlobIdHeap heap */
                heap?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a BlobIdHeap. */
            type $Shape = barkeep.v1.BlobIdHeap.$Properties;
        }

        /**
         * Properties of a HeapRules.
         * @deprecated Use barkeep.v1.HeapRules.$Properties instead.
         */
        interface IHeapRules extends barkeep.v1.HeapRules.$Properties {
        }

        /** Represents a HeapRules. */
        class HeapRules {

            /**
             * Constructs a new HeapRules.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.HeapRules.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** HeapRules name. */
            name: string;

            /** HeapRules backing. */
            backing: barkeep.v1.Backing;

            /** HeapRules cache. */
            cache: barkeep.v1.CacheType;

            /** HeapRules granule. */
            granule: (number|Long);

            /**
             * Creates a new HeapRules instance using the specified properties.
             * @param [properties] Properties to set
             * @returns HeapRules instance
             */
            static create(properties: barkeep.v1.HeapRules.$Shape): barkeep.v1.HeapRules & barkeep.v1.HeapRules.$Shape;
            static create(properties?: barkeep.v1.HeapRules.$Properties): barkeep.v1.HeapRules;

            /**
             * Encodes the specified HeapRules message. Does not implicitly {@link barkeep.v1.HeapRules.verify|verify} messages.
             * @param m HeapRules message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.HeapRules.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a HeapRules message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.HeapRules & barkeep.v1.HeapRules.$Shape} HeapRules
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.HeapRules & barkeep.v1.HeapRules.$Shape;
        }

        namespace HeapRules {

            /** Properties of a HeapRules. */
            interface $Properties {

                /** HeapRules name */
                name?: (string|null);

                /** HeapRules backing */
                backing?: (barkeep.v1.Backing|null);

                /** HeapRules cache */
                cache?: (barkeep.v1.CacheType|null);

                /** HeapRules granule */
                granule?: (number|Long|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a HeapRules. */
            type $Shape = barkeep.v1.HeapRules.$Properties;
        }

        /**
         * Properties of a Grant.
         * @deprecated Use barkeep.v1.Grant.$Properties instead.
         */
        interface IGrant extends barkeep.v1.Grant.$Properties {
        }

        /** Represents a Grant. */
        class Grant {

            /**
             * Constructs a new Grant.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.Grant.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Grant heaps. */
            heaps: barkeep.v1.HeapAmount.$Properties[];

            /** Grant mappings. */
            mappings: (number|Long);

            /** Grant allocations. */
            allocations: (number|Long);

            /** Grant refusal. */
            refusal?: (barkeep.v1.CommandError.$Properties|null);

            /** Grant number. */
            number: (number|Long);

            /**
             * Creates a new Grant instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Grant instance
             */
            static create(properties: barkeep.v1.Grant.$Shape): barkeep.v1.Grant & barkeep.v1.Grant.$Shape;
            static create(properties?: barkeep.v1.Grant.$Properties): barkeep.v1.Grant;

            /**
             * Encodes the specified Grant message. Does not implicitly {@link barkeep.v1.Grant.verify|verify} messages.
             * @param m Grant message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.Grant.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Grant message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.Grant & barkeep.v1.Grant.$Shape} Grant
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.Grant & barkeep.v1.Grant.$Shape;
        }

        namespace Grant {

            /** Properties of a Grant. */
            interface $Properties {

                /** Grant heaps */
                heaps?: (barkeep.v1.HeapAmount.$Properties[]|null);

                /** Grant mappings */
                mappings?: (number|Long|null);

                /** Grant allocations */
                allocations?: (number|Long|null);

                /** Grant refusal */
                refusal?: (barkeep.v1.CommandError.$Properties|null);

                /** Grant number */
                number?: (number|Long|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Grant. */
            type $Shape = barkeep.v1.Grant.$Properties;
        }

        /**
         * Properties of a HeapAmount.
         * @deprecated Use barkeep.v1.HeapAmount.$Properties instead.
         */
        interface IHeapAmount extends barkeep.v1.HeapAmount.$Properties {
        }

        /** Represents a HeapAmount. */
        class HeapAmount {

            /**
             * Constructs a new HeapAmount.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.HeapAmount.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** HeapAmount heap. */
            heap: string;

            /** HeapAmount bytes. */
            bytes: (number|Long);

            /**
             * Creates a new HeapAmount instance using the specified properties.
             * @param [properties] Properties to set
             * @returns HeapAmount instance
             */
            static create(properties: barkeep.v1.HeapAmount.$Shape): barkeep.v1.HeapAmount & barkeep.v1.HeapAmount.$Shape;
            static create(properties?: barkeep.v1.HeapAmount.$Properties): barkeep.v1.HeapAmount;

            /**
             * Encodes the specified HeapAmount message. Does not implicitly {@link barkeep.v1.HeapAmount.verify|verify} messages.
             * @param m HeapAmount message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.HeapAmount.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a HeapAmount message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.HeapAmount & barkeep.v1.HeapAmount.$Shape} HeapAmount
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.HeapAmount & barkeep.v1.HeapAmount.$Shape;
        }

        namespace HeapAmount {

            /** Properties of a HeapAmount. */
            interface $Properties {

                /** HeapAmount heap */
                heap?: (string|null);

                /** HeapAmount bytes */
                bytes?: (number|Long|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a HeapAmount. */
            type $Shape = barkeep.v1.HeapAmount.$Properties;
        }

        /**
         * Properties of a GrantRequest.
         * @deprecated Use barkeep.v1.GrantRequest.$Properties instead.
         */
        interface IGrantRequest extends barkeep.v1.GrantRequest.$Properties {
        }

        /** Represents a GrantRequest. */
        class GrantRequest {

            /**
             * Constructs a new GrantRequest.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.GrantRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** GrantRequest wanted. */
            wanted?: (barkeep.v1.Amounts.$Properties|null);

            /** GrantRequest needed. */
            needed?: (barkeep.v1.Amounts.$Properties|null);

            /** GrantRequest number. */
            number: (number|Long);

            /**
             * Creates a new GrantRequest instance using the specified properties.
             * @param [properties] Properties to set
             * @returns GrantRequest instance
             */
            static create(properties: barkeep.v1.GrantRequest.$Shape): barkeep.v1.GrantRequest & barkeep.v1.GrantRequest.$Shape;
            static create(properties?: barkeep.v1.GrantRequest.$Properties): barkeep.v1.GrantRequest;

            /**
             * Encodes the specified GrantRequest message. Does not implicitly {@link barkeep.v1.GrantRequest.verify|verify} messages.
             * @param m GrantRequest message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.GrantRequest.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a GrantRequest message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.GrantRequest & barkeep.v1.GrantRequest.$Shape} GrantRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.GrantRequest & barkeep.v1.GrantRequest.$Shape;
        }

        namespace GrantRequest {

            /** Properties of a GrantRequest. */
            interface $Properties {

                /** GrantRequest wanted */
                wanted?: (barkeep.v1.Amounts.$Properties|null);

                /** GrantRequest needed */
                needed?: (barkeep.v1.Amounts.$Properties|null);

                /** GrantRequest number */
                number?: (number|Long|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a GrantRequest. */
            type $Shape = barkeep.v1.GrantRequest.$Properties;
        }

        /**
         * Properties of an Amounts.
         * @deprecated Use barkeep.v1.Amounts.$Properties instead.
         */
        interface IAmounts extends barkeep.v1.Amounts.$Properties {
        }

        /** Represents an Amounts. */
        class Amounts {

            /**
             * Constructs a new Amounts.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.Amounts.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Amounts heaps. */
            heaps: barkeep.v1.HeapAmount.$Properties[];

            /** Amounts mappings. */
            mappings: (number|Long);

            /** Amounts allocations. */
            allocations: (number|Long);

            /**
             * Creates a new Amounts instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Amounts instance
             */
            static create(properties: barkeep.v1.Amounts.$Shape): barkeep.v1.Amounts & barkeep.v1.Amounts.$Shape;
            static create(properties?: barkeep.v1.Amounts.$Properties): barkeep.v1.Amounts;

            /**
             * Encodes the specified Amounts message. Does not implicitly {@link barkeep.v1.Amounts.verify|verify} messages.
             * @param m Amounts message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.Amounts.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an Amounts message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.Amounts & barkeep.v1.Amounts.$Shape} Amounts
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.Amounts & barkeep.v1.Amounts.$Shape;
        }

        namespace Amounts {

            /** Properties of an Amounts. */
            interface $Properties {

                /** Amounts heaps */
                heaps?: (barkeep.v1.HeapAmount.$Properties[]|null);

                /** Amounts mappings */
                mappings?: (number|Long|null);

                /** Amounts allocations */
                allocations?: (number|Long|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an Amounts. */
            type $Shape = barkeep.v1.Amounts.$Properties;
        }

        /**
         * Properties of a Recall.
         * @deprecated Use barkeep.v1.Recall.$Properties instead.
         */
        interface IRecall extends barkeep.v1.Recall.$Properties {
        }

        /** Represents a Recall. */
        class Recall {

            /**
             * Constructs a new Recall.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.Recall.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /**
             * Creates a new Recall instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Recall instance
             */
            static create(properties: barkeep.v1.Recall.$Shape): barkeep.v1.Recall & barkeep.v1.Recall.$Shape;
            static create(properties?: barkeep.v1.Recall.$Properties): barkeep.v1.Recall;

            /**
             * Encodes the specified Recall message. Does not implicitly {@link barkeep.v1.Recall.verify|verify} messages.
             * @param m Recall message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.Recall.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Recall message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.Recall & barkeep.v1.Recall.$Shape} Recall
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.Recall & barkeep.v1.Recall.$Shape;
        }

        namespace Recall {

            /** Properties of a Recall. */
            interface $Properties {

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Recall. */
            type $Shape = barkeep.v1.Recall.$Properties;
        }

        /**
         * Properties of a Revoked.
         * @deprecated Use barkeep.v1.Revoked.$Properties instead.
         */
        interface IRevoked extends barkeep.v1.Revoked.$Properties {
        }

        /** Represents a Revoked. */
        class Revoked {

            /**
             * Constructs a new Revoked.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.Revoked.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Revoked message. */
            message: string;

            /**
             * Creates a new Revoked instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Revoked instance
             */
            static create(properties: barkeep.v1.Revoked.$Shape): barkeep.v1.Revoked & barkeep.v1.Revoked.$Shape;
            static create(properties?: barkeep.v1.Revoked.$Properties): barkeep.v1.Revoked;

            /**
             * Encodes the specified Revoked message. Does not implicitly {@link barkeep.v1.Revoked.verify|verify} messages.
             * @param m Revoked message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.Revoked.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Revoked message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.Revoked & barkeep.v1.Revoked.$Shape} Revoked
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.Revoked & barkeep.v1.Revoked.$Shape;
        }

        namespace Revoked {

            /** Properties of a Revoked. */
            interface $Properties {

                /** Revoked message */
                message?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Revoked. */
            type $Shape = barkeep.v1.Revoked.$Properties;
        }

        /**
         * Properties of a MemoryRequest.
         * @deprecated Use barkeep.v1.MemoryRequest.$Properties instead.
         */
        interface IMemoryRequest extends barkeep.v1.MemoryRequest.$Properties {
        }

        /** Represents a MemoryRequest. */
        class MemoryRequest {

            /**
             * Constructs a new MemoryRequest.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.MemoryRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** MemoryRequest number. */
            number: (number|Long);

            /** MemoryRequest heap. */
            heap: string;

            /** MemoryRequest size. */
            size: (number|Long);

            /**
             * Creates a new MemoryRequest instance using the specified properties.
             * @param [properties] Properties to set
             * @returns MemoryRequest instance
             */
            static create(properties: barkeep.v1.MemoryRequest.$Shape): barkeep.v1.MemoryRequest & barkeep.v1.MemoryRequest.$Shape;
            static create(properties?: barkeep.v1.MemoryRequest.$Properties): barkeep.v1.MemoryRequest;

            /**
             * Encodes the specified MemoryRequest message. Does not implicitly {@link barkeep.v1.MemoryRequest.verify|verify} messages.
             * @param m MemoryRequest message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.MemoryRequest.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a MemoryRequest message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.MemoryRequest & barkeep.v1.MemoryRequest.$Shape} MemoryRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.MemoryRequest & barkeep.v1.MemoryRequest.$Shape;
        }

        namespace MemoryRequest {

            /** Properties of a MemoryRequest. */
            interface $Properties {

                /** MemoryRequest number */
                number?: (number|Long|null);

                /** MemoryRequest heap */
                heap?: (string|null);

                /** MemoryRequest size */
                size?: (number|Long|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a MemoryRequest. */
            type $Shape = barkeep.v1.MemoryRequest.$Properties;
        }

        /**
         * Properties of a Memory.
         * @deprecated Use barkeep.v1.Memory.$Properties instead.
         */
        interface IMemory extends barkeep.v1.Memory.$Properties {
        }

        /** Represents a Memory. */
        class Memory {

            /**
             * Constructs a new Memory.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.Memory.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Memory number. */
            number: (number|Long);

            /** Memory memory. */
            memory?: (barkeep.v1.MemoryHandle.$Properties|null);

            /** Memory error. */
            error?: (barkeep.v1.CommandError.$Properties|null);

            /** Memory result. */
            result?: ("memory"|"error");

            /**
             * Creates a new Memory instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Memory instance
             */
            static create(properties: barkeep.v1.Memory.$Shape): barkeep.v1.Memory & barkeep.v1.Memory.$Shape;
            static create(properties?: barkeep.v1.Memory.$Properties): barkeep.v1.Memory;

            /**
             * Encodes the specified Memory message. Does not implicitly {@link barkeep.v1.Memory.verify|verify} messages.
             * @param m Memory message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.Memory.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Memory message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.Memory & barkeep.v1.Memory.$Shape} Memory
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.Memory & barkeep.v1.Memory.$Shape;
        }

        namespace Memory {

            /** Properties of a Memory. */
            interface $Properties {

                /** Memory number */
                number?: (number|Long|null);

                /** Memory memory */
                memory?: (barkeep.v1.MemoryHandle.$Properties|null);

                /** Memory error */
                error?: (barkeep.v1.CommandError.$Properties|null);

                /** Memory result */
                result?: ("memory"|"error");

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Narrowed shape of a Memory. */
            type $Shape = {
              number?: number|Long|null;
              memory?: barkeep.v1.MemoryHandle.$Shape|null;
              error?: barkeep.v1.CommandError.$Shape|null;
              $unknowns?: Uint8Array[];
            } & (
              ({ result?: undefined; memory?: null; error?: null }|{ result?: "memory"; memory: barkeep.v1.MemoryHandle.$Shape; error?: null }|{ result?: "error"; memory?: null; error: barkeep.v1.CommandError.$Shape })
            );
        }

        /**
         * Properties of an Accounts.
         * @deprecated Use barkeep.v1.Accounts.$Properties instead.
         */
        interface IAccounts extends barkeep.v1.Accounts.$Properties {
        }

        /** Represents an Accounts. */
        class Accounts {

            /**
             * Constructs a new Accounts.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.Accounts.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Accounts version. */
            version: (number|Long);

            /** Accounts complete. */
            complete: boolean;

            /** Accounts continues. */
            continues: boolean;

            /** Accounts destroyed. */
            destroyed: number[];

            /** Accounts blobs. */
            blobs: barkeep.v1.BlobAccount.$Properties[];

            /** Accounts generation. */
            generation: (number|Long);

            /** Accounts decisions. */
            decisions: barkeep.v1.DecisionCount.$Properties[];

            /** Accounts refusals. */
            refusals: barkeep.v1.RefusalTotal.$Properties[];

            /** Accounts settledMemory. */
            settledMemory: (number|Long);

            /**
             * Creates a new Accounts instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Accounts instance
             */
            static create(properties: barkeep.v1.Accounts.$Shape): barkeep.v1.Accounts & barkeep.v1.Accounts.$Shape;
            static create(properties?: barkeep.v1.Accounts.$Properties): barkeep.v1.Accounts;

            /**
             * Encodes the specified Accounts message. Does not implicitly {@link barkeep.v1.Accounts.verify|verify} messages.
             * @param m Accounts message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.Accounts.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an Accounts message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.Accounts & barkeep.v1.Accounts.$Shape} Accounts
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.Accounts & barkeep.v1.Accounts.$Shape;
        }

        namespace Accounts {

            /** Properties of an Accounts. */
            interface $Properties {

                /** Accounts version */
                version?: (number|Long|null);

                /** Accounts complete */
                complete?: (boolean|null);

                /** Accounts continues */
                continues?: (boolean|null);

                /** Accounts destroyed */
                destroyed?: (number[]|null);

                /** Accounts blobs */
                blobs?: (barkeep.v1.BlobAccount.$Properties[]|null);

                /** Accounts generation */
                generation?: (number|Long|null);

                /** Accounts decisions */
                decisions?: (barkeep.v1.DecisionCount.$Properties[]|null);

                /** Accounts refusals */
                refusals?: (barkeep.v1.RefusalTotal.$Properties[]|null);

                /** Accounts settledMemory */
                settledMemory?: (number|Long|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an Accounts. */
            type $Shape = barkeep.v1.Accounts.$Properties;
        }

        /**
         * Properties of a DecisionCount.
         * @deprecated Use barkeep.v1.DecisionCount.$Properties instead.
         */
        interface IDecisionCount extends barkeep.v1.DecisionCount.$Properties {
        }

        /** Represents a DecisionCount. */
        class DecisionCount {

            /**
             * Constructs a new DecisionCount.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.DecisionCount.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** DecisionCount operation. */
            operation: barkeep.v1.OperationKind;

            /** DecisionCount result. */
            result: barkeep.v1.DecisionResult;

            /** DecisionCount count. */
            count: (number|Long);

            /**
             * Creates a new DecisionCount instance using the specified properties.
             * @param [properties] Properties to set
             * @returns DecisionCount instance
             */
            static create(properties: barkeep.v1.DecisionCount.$Shape): barkeep.v1.DecisionCount & barkeep.v1.DecisionCount.$Shape;
            static create(properties?: barkeep.v1.DecisionCount.$Properties): barkeep.v1.DecisionCount;

            /**
             * Encodes the specified DecisionCount message. Does not implicitly {@link barkeep.v1.DecisionCount.verify|verify} messages.
             * @param m DecisionCount message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.DecisionCount.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a DecisionCount message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.DecisionCount & barkeep.v1.DecisionCount.$Shape} DecisionCount
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.DecisionCount & barkeep.v1.DecisionCount.$Shape;
        }

        namespace DecisionCount {

            /** Properties of a DecisionCount. */
            interface $Properties {

                /** DecisionCount operation */
                operation?: (barkeep.v1.OperationKind|null);

                /** DecisionCount result */
                result?: (barkeep.v1.DecisionResult|null);

                /** DecisionCount count */
                count?: (number|Long|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a DecisionCount. */
            type $Shape = barkeep.v1.DecisionCount.$Properties;
        }

        /** OperationKind enum. */
        enum OperationKind {

            /** OPERATION_KIND_UNSPECIFIED value */
            OPERATION_KIND_UNSPECIFIED = 0,

            /** OPERATION_KIND_CREATE value */
            OPERATION_KIND_CREATE = 1,

            /** OPERATION_KIND_MAP value */
            OPERATION_KIND_MAP = 2,

            /** OPERATION_KIND_UNMAP value */
            OPERATION_KIND_UNMAP = 3,

            /** OPERATION_KIND_DESTROY value */
            OPERATION_KIND_DESTROY = 4,

            /** OPERATION_KIND_RESET value */
            OPERATION_KIND_RESET = 5
        }

        /** DecisionResult enum. */
        enum DecisionResult {

            /** DECISION_RESULT_UNSPECIFIED value */
            DECISION_RESULT_UNSPECIFIED = 0,

            /** DECISION_RESULT_OK value */
            DECISION_RESULT_OK = 1,

            /** DECISION_RESULT_NOOP value */
            DECISION_RESULT_NOOP = 2,

            /** DECISION_RESULT_REFUSED value */
            DECISION_RESULT_REFUSED = 3,

            /** DECISION_RESULT_ABANDONED value */
            DECISION_RESULT_ABANDONED = 4
        }

        /**
         * Properties of a RefusalTotal.
         * @deprecated Use barkeep.v1.RefusalTotal.$Properties instead.
         */
        interface IRefusalTotal extends barkeep.v1.RefusalTotal.$Properties {
        }

        /** Represents a RefusalTotal. */
        class RefusalTotal {

            /**
             * Constructs a new RefusalTotal.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.RefusalTotal.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** RefusalTotal reason. */
            reason: barkeep.v1.Reason;

            /** RefusalTotal count. */
            count: (number|Long);

            /**
             * Creates a new RefusalTotal instance using the specified properties.
             * @param [properties] Properties to set
             * @returns RefusalTotal instance
             */
            static create(properties: barkeep.v1.RefusalTotal.$Shape): barkeep.v1.RefusalTotal & barkeep.v1.RefusalTotal.$Shape;
            static create(properties?: barkeep.v1.RefusalTotal.$Properties): barkeep.v1.RefusalTotal;

            /**
             * Encodes the specified RefusalTotal message. Does not implicitly {@link barkeep.v1.RefusalTotal.verify|verify} messages.
             * @param m RefusalTotal message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.RefusalTotal.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a RefusalTotal message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.RefusalTotal & barkeep.v1.RefusalTotal.$Shape} RefusalTotal
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.RefusalTotal & barkeep.v1.RefusalTotal.$Shape;
        }

        namespace RefusalTotal {

            /** Properties of a RefusalTotal. */
            interface $Properties {

                /** RefusalTotal reason */
                reason?: (barkeep.v1.Reason|null);

                /** RefusalTotal count */
                count?: (number|Long|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a RefusalTotal. */
            type $Shape = barkeep.v1.RefusalTotal.$Properties;
        }

        /**
         * Properties of a BlobAccount.
         * @deprecated Use barkeep.v1.BlobAccount.$Properties instead.
         */
        interface IBlobAccount extends barkeep.v1.BlobAccount.$Properties {
        }

        /** Represents a BlobAccount. */
        class BlobAccount {

            /**
             * Constructs a new BlobAccount.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.BlobAccount.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** BlobAccount created. */
            created?: (barkeep.v1.CreateBlob.$Properties|null);

            /** BlobAccount heap. */
            heap: string;

            /** BlobAccount place. */
            place: barkeep.v1.BlobPlace;

            /** BlobAccount offset. */
            offset: (number|Long);

            /** BlobAccount memory. */
            memory: (number|Long);

            /**
             * Creates a new BlobAccount instance using the specified properties.
             * @param [properties] Properties to set
             * @returns BlobAccount instance
             */
            static create(properties: barkeep.v1.BlobAccount.$Shape): barkeep.v1.BlobAccount & barkeep.v1.BlobAccount.$Shape;
            static create(properties?: barkeep.v1.BlobAccount.$Properties): barkeep.v1.BlobAccount;

            /**
             * Encodes the specified BlobAccount message. Does not implicitly {@link barkeep.v1.BlobAccount.verify|verify} messages.
             * @param m BlobAccount message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.BlobAccount.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a BlobAccount message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.BlobAccount & barkeep.v1.BlobAccount.$Shape} BlobAccount
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.BlobAccount & barkeep.v1.BlobAccount.$Shape;
        }

        namespace BlobAccount {

            /** Properties of a BlobAccount. */
            interface $Properties {

                /** BlobAccount created */
                created?: (barkeep.v1.CreateBlob.$Properties|null);

                /** BlobAccount heap */
                heap?: (string|null);

                /** BlobAccount place */
                place?: (barkeep.v1.BlobPlace|null);

                /** BlobAccount offset */
                offset?: (number|Long|null);

                /** BlobAccount memory */
                memory?: (number|Long|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a BlobAccount. */
            type $Shape = barkeep.v1.BlobAccount.$Properties;
        }

        /** BlobPlace enum. */
        enum BlobPlace {

            /** BLOB_PLACE_UNSPECIFIED value */
            BLOB_PLACE_UNSPECIFIED = 0,

            /** BLOB_PLACE_UNMAPPED value */
            BLOB_PLACE_UNMAPPED = 1,

            /** BLOB_PLACE_MAPPED value */
            BLOB_PLACE_MAPPED = 2,

            /** BLOB_PLACE_PARKED value */
            BLOB_PLACE_PARKED = 3,

            /** BLOB_PLACE_STASHED value */
            BLOB_PLACE_STASHED = 4
        }

        /**
         * Properties of an AccountsEntered.
         * @deprecated Use barkeep.v1.AccountsEntered.$Properties instead.
         */
        interface IAccountsEntered extends barkeep.v1.AccountsEntered.$Properties {
        }

        /** Represents an AccountsEntered. */
        class AccountsEntered {

            /**
             * Constructs a new AccountsEntered.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.AccountsEntered.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** AccountsEntered version. */
            version: (number|Long);

            /**
             * Creates a new AccountsEntered instance using the specified properties.
             * @param [properties] Properties to set
             * @returns AccountsEntered instance
             */
            static create(properties: barkeep.v1.AccountsEntered.$Shape): barkeep.v1.AccountsEntered & barkeep.v1.AccountsEntered.$Shape;
            static create(properties?: barkeep.v1.AccountsEntered.$Properties): barkeep.v1.AccountsEntered;

            /**
             * Encodes the specified AccountsEntered message. Does not implicitly {@link barkeep.v1.AccountsEntered.verify|verify} messages.
             * @param m AccountsEntered message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.AccountsEntered.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an AccountsEntered message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.AccountsEntered & barkeep.v1.AccountsEntered.$Shape} AccountsEntered
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.AccountsEntered & barkeep.v1.AccountsEntered.$Shape;
        }

        namespace AccountsEntered {

            /** Properties of an AccountsEntered. */
            interface $Properties {

                /** AccountsEntered version */
                version?: (number|Long|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an AccountsEntered. */
            type $Shape = barkeep.v1.AccountsEntered.$Properties;
        }

        /**
         * Properties of a Detach.
         * @deprecated Use barkeep.v1.Detach.$Properties instead.
         */
        interface IDetach extends barkeep.v1.Detach.$Properties {
        }

        /** Represents a Detach. */
        class Detach {

            /**
             * Constructs a new Detach.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.Detach.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /**
             * Creates a new Detach instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Detach instance
             */
            static create(properties: barkeep.v1.Detach.$Shape): barkeep.v1.Detach & barkeep.v1.Detach.$Shape;
            static create(properties?: barkeep.v1.Detach.$Properties): barkeep.v1.Detach;

            /**
             * Encodes the specified Detach message. Does not implicitly {@link barkeep.v1.Detach.verify|verify} messages.
             * @param m Detach message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.Detach.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Detach message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.Detach & barkeep.v1.Detach.$Shape} Detach
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.Detach & barkeep.v1.Detach.$Shape;
        }

        namespace Detach {

            /** Properties of a Detach. */
            interface $Properties {

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Detach. */
            type $Shape = barkeep.v1.Detach.$Properties;
        }

        /**
         * Properties of a Batch.
         * @deprecated Use barkeep.v1.Batch.$Properties instead.
         */
        interface IBatch extends barkeep.v1.Batch.$Properties {
        }

        /** Represents a Batch. */
        class Batch {

            /**
             * Constructs a new Batch.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.Batch.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Batch commands. */
            commands: barkeep.v1.Command.$Properties[];

            /** Batch acknowledged. */
            acknowledged: (number|Long);

            /**
             * Creates a new Batch instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Batch instance
             */
            static create(properties: barkeep.v1.Batch.$Shape): barkeep.v1.Batch & barkeep.v1.Batch.$Shape;
            static create(properties?: barkeep.v1.Batch.$Properties): barkeep.v1.Batch;

            /**
             * Encodes the specified Batch message. Does not implicitly {@link barkeep.v1.Batch.verify|verify} messages.
             * @param m Batch message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.Batch.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Batch message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.Batch & barkeep.v1.Batch.$Shape} Batch
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.Batch & barkeep.v1.Batch.$Shape;
        }

        namespace Batch {

            /** Properties of a Batch. */
            interface $Properties {

                /** Batch commands */
                commands?: (barkeep.v1.Command.$Properties[]|null);

                /** Batch acknowledged */
                acknowledged?: (number|Long|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Batch. */
            type $Shape = {
              commands?: barkeep.v1.Command.$Shape[]|null;
              acknowledged?: number|Long|null;
              $unknowns?: Uint8Array[];
            };
        }

        /**
         * Properties of a Command.
         * @deprecated Use barkeep.v1.Command.$Properties instead.
         */
        interface ICommand extends barkeep.v1.Command.$Properties {
        }

        /** Represents a Command. */
        class Command {

            /**
             * Constructs a new Command.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.Command.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Command number. */
            number: (number|Long);

            /** Command create. */
            create?: (barkeep.v1.CreateBlob.$Properties|null);

            /** Command map. */
            map?: (barkeep.v1.MapBlob.$Properties|null);

            /** Command unmap. */
            unmap?: (barkeep.v1.UnmapBlob.$Properties|null);

            /** Command destroy. */
            destroy?: (barkeep.v1.DestroyBlob.$Properties|null);

            /** Command reset. */
            reset?: (barkeep.v1.Reset.$Properties|null);

            /** Command operation. */
            operation?: ("create"|"map"|"unmap"|"destroy"|"reset");

            /**
             * Creates a new Command instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Command instance
             */
            static create(properties: barkeep.v1.Command.$Shape): barkeep.v1.Command & barkeep.v1.Command.$Shape;
            static create(properties?: barkeep.v1.Command.$Properties): barkeep.v1.Command;

            /**
             * Encodes the specified Command message. Does not implicitly {@link barkeep.v1.Command.verify|verify} messages.
             * @param m Command message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.Command.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Command message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.Command & barkeep.v1.Command.$Shape} Command
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.Command & barkeep.v1.Command.$Shape;
        }

        namespace Command {

            /** Properties of a Command. */
            interface $Properties {

                /** Command number */
                number?: (number|Long|null);

                /** Command create */
                create?: (barkeep.v1.CreateBlob.$Properties|null);

                /** Command map */
                map?: (barkeep.v1.MapBlob.$Properties|null);

                /** Command unmap */
                unmap?: (barkeep.v1.UnmapBlob.$Properties|null);

                /** Command destroy */
                destroy?: (barkeep.v1.DestroyBlob.$Properties|null);

                /** Command reset */
                reset?: (barkeep.v1.Reset.$Properties|null);

                /** Command operation */
                operation?: ("create"|"map"|"unmap"|"destroy"|"reset");

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Narrowed shape of a Command. */
            type $Shape = {
              number?: number|Long|null;
              create?: barkeep.v1.CreateBlob.$Shape|null;
              map?: barkeep.v1.MapBlob.$Shape|null;
              unmap?: barkeep.v1.UnmapBlob.$Shape|null;
              destroy?: barkeep.v1.DestroyBlob.$Shape|null;
              reset?: barkeep.v1.Reset.$Shape|null;
              $unknowns?: Uint8Array[];
            } & (
              ({ operation?: undefined; create?: null; map?: null; unmap?: null; destroy?: null; reset?: null }|{ operation?: "create"; create: barkeep.v1.CreateBlob.$Shape; map?: null; unmap?: null; destroy?: null; reset?: null }|{ operation?: "map"; create?: null; map: barkeep.v1.MapBlob.$Shape; unmap?: null; destroy?: null; reset?: null }|{ operation?: "unmap"; create?: null; map?: null; unmap: barkeep.v1.UnmapBlob.$Shape; destroy?: null; reset?: null }|{ operation?: "destroy"; create?: null; map?: null; unmap?: null; destroy: barkeep.v1.DestroyBlob.$Shape; reset?: null }|{ operation?: "reset"; create?: null; map?: null; unmap?: null; destroy?: null; reset: barkeep.v1.Reset.$Shape })
            );
        }

        /** BlobMemory enum. */
        enum BlobMemory {

            /** BLOB_MEMORY_UNSPECIFIED value */
            BLOB_MEMORY_UNSPECIFIED = 0,

            /** BLOB_MEMORY_HOST3D value */
            BLOB_MEMORY_HOST3D = 2,

            /** BLOB_MEMORY_HOST3D_GUEST value */
            BLOB_MEMORY_HOST3D_GUEST = 3
        }

        /**
         * Properties of a CreateBlob.
         * @deprecated Use barkeep.v1.CreateBlob.$Properties instead.
         */
        interface ICreateBlob extends barkeep.v1.CreateBlob.$Properties {
        }

        /** Represents a CreateBlob. */
        class CreateBlob {

            /**
             * Constructs a new CreateBlob.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.CreateBlob.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** CreateBlob contextId. */
            contextId: number;

            /** CreateBlob resourceId. */
            resourceId: number;

            /** CreateBlob memory. */
            memory: barkeep.v1.BlobMemory;

            /** CreateBlob flags. */
            flags: number;

            /** CreateBlob blobId. */
            blobId: (number|Long);

            /** CreateBlob size. */
            size: (number|Long);

            /**
             * Creates a new CreateBlob instance using the specified properties.
             * @param [properties] Properties to set
             * @returns CreateBlob instance
             */
            static create(properties: barkeep.v1.CreateBlob.$Shape): barkeep.v1.CreateBlob & barkeep.v1.CreateBlob.$Shape;
            static create(properties?: barkeep.v1.CreateBlob.$Properties): barkeep.v1.CreateBlob;

            /**
             * Encodes the specified CreateBlob message. Does not implicitly {@link barkeep.v1.CreateBlob.verify|verify} messages.
             * @param m CreateBlob message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.CreateBlob.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a CreateBlob message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.CreateBlob & barkeep.v1.CreateBlob.$Shape} CreateBlob
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.CreateBlob & barkeep.v1.CreateBlob.$Shape;
        }

        namespace CreateBlob {

            /** Properties of a CreateBlob. */
            interface $Properties {

                /** CreateBlob contextId */
                contextId?: (number|null);

                /** CreateBlob resourceId */
                resourceId?: (number|null);

                /** CreateBlob memory */
                memory?: (barkeep.v1.BlobMemory|null);

                /** CreateBlob flags */
                flags?: (number|null);

                /** CreateBlob blobId */
                blobId?: (number|Long|null);

                /** CreateBlob size */
                size?: (number|Long|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a CreateBlob. */
            type $Shape = barkeep.v1.CreateBlob.$Properties;
        }

        /**
         * Properties of a MapBlob.
         * @deprecated Use barkeep.v1.MapBlob.$Properties instead.
         */
        interface IMapBlob extends barkeep.v1.MapBlob.$Properties {
        }

        /** Represents a MapBlob. */
        class MapBlob {

            /**
             * Constructs a new MapBlob.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.MapBlob.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** MapBlob resourceId. */
            resourceId: number;

            /** MapBlob offset. */
            offset: (number|Long);

            /**
             * Creates a new MapBlob instance using the specified properties.
             * @param [properties] Properties to set
             * @returns MapBlob instance
             */
            static create(properties: barkeep.v1.MapBlob.$Shape): barkeep.v1.MapBlob & barkeep.v1.MapBlob.$Shape;
            static create(properties?: barkeep.v1.MapBlob.$Properties): barkeep.v1.MapBlob;

            /**
             * Encodes the specified MapBlob message. Does not implicitly {@link barkeep.v1.MapBlob.verify|verify} messages.
             * @param m MapBlob message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.MapBlob.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a MapBlob message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.MapBlob & barkeep.v1.MapBlob.$Shape} MapBlob
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.MapBlob & barkeep.v1.MapBlob.$Shape;
        }

        namespace MapBlob {

            /** Properties of a MapBlob. */
            interface $Properties {

                /** MapBlob resourceId */
                resourceId?: (number|null);

                /** MapBlob offset */
                offset?: (number|Long|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a MapBlob. */
            type $Shape = barkeep.v1.MapBlob.$Properties;
        }

        /**
         * Properties of an UnmapBlob.
         * @deprecated Use barkeep.v1.UnmapBlob.$Properties instead.
         */
        interface IUnmapBlob extends barkeep.v1.UnmapBlob.$Properties {
        }

        /** Represents an UnmapBlob. */
        class UnmapBlob {

            /**
             * Constructs a new UnmapBlob.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.UnmapBlob.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** UnmapBlob resourceId. */
            resourceId: number;

            /**
             * Creates a new UnmapBlob instance using the specified properties.
             * @param [properties] Properties to set
             * @returns UnmapBlob instance
             */
            static create(properties: barkeep.v1.UnmapBlob.$Shape): barkeep.v1.UnmapBlob & barkeep.v1.UnmapBlob.$Shape;
            static create(properties?: barkeep.v1.UnmapBlob.$Properties): barkeep.v1.UnmapBlob;

            /**
             * Encodes the specified UnmapBlob message. Does not implicitly {@link barkeep.v1.UnmapBlob.verify|verify} messages.
             * @param m UnmapBlob message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.UnmapBlob.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an UnmapBlob message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.UnmapBlob & barkeep.v1.UnmapBlob.$Shape} UnmapBlob
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.UnmapBlob & barkeep.v1.UnmapBlob.$Shape;
        }

        namespace UnmapBlob {

            /** Properties of an UnmapBlob. */
            interface $Properties {

                /** UnmapBlob resourceId */
                resourceId?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an UnmapBlob. */
            type $Shape = barkeep.v1.UnmapBlob.$Properties;
        }

        /**
         * Properties of a DestroyBlob.
         * @deprecated Use barkeep.v1.DestroyBlob.$Properties instead.
         */
        interface IDestroyBlob extends barkeep.v1.DestroyBlob.$Properties {
        }

        /** Represents a DestroyBlob. */
        class DestroyBlob {

            /**
             * Constructs a new DestroyBlob.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.DestroyBlob.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** DestroyBlob resourceId. */
            resourceId: number;

            /**
             * Creates a new DestroyBlob instance using the specified properties.
             * @param [properties] Properties to set
             * @returns DestroyBlob instance
             */
            static create(properties: barkeep.v1.DestroyBlob.$Shape): barkeep.v1.DestroyBlob & barkeep.v1.DestroyBlob.$Shape;
            static create(properties?: barkeep.v1.DestroyBlob.$Properties): barkeep.v1.DestroyBlob;

            /**
             * Encodes the specified DestroyBlob message. Does not implicitly {@link barkeep.v1.DestroyBlob.verify|verify} messages.
             * @param m DestroyBlob message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.DestroyBlob.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a DestroyBlob message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.DestroyBlob & barkeep.v1.DestroyBlob.$Shape} DestroyBlob
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.DestroyBlob & barkeep.v1.DestroyBlob.$Shape;
        }

        namespace DestroyBlob {

            /** Properties of a DestroyBlob. */
            interface $Properties {

                /** DestroyBlob resourceId */
                resourceId?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a DestroyBlob. */
            type $Shape = barkeep.v1.DestroyBlob.$Properties;
        }

        /**
         * Properties of a Reset.
         * @deprecated Use barkeep.v1.Reset.$Properties instead.
         */
        interface IReset extends barkeep.v1.Reset.$Properties {
        }

        /** Represents a Reset. */
        class Reset {

            /**
             * Constructs a new Reset.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.Reset.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /**
             * Creates a new Reset instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Reset instance
             */
            static create(properties: barkeep.v1.Reset.$Shape): barkeep.v1.Reset & barkeep.v1.Reset.$Shape;
            static create(properties?: barkeep.v1.Reset.$Properties): barkeep.v1.Reset;

            /**
             * Encodes the specified Reset message. Does not implicitly {@link barkeep.v1.Reset.verify|verify} messages.
             * @param m Reset message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.Reset.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Reset message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.Reset & barkeep.v1.Reset.$Shape} Reset
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.Reset & barkeep.v1.Reset.$Shape;
        }

        namespace Reset {

            /** Properties of a Reset. */
            interface $Properties {

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Reset. */
            type $Shape = barkeep.v1.Reset.$Properties;
        }

        /**
         * Properties of a BatchReply.
         * @deprecated Use barkeep.v1.BatchReply.$Properties instead.
         */
        interface IBatchReply extends barkeep.v1.BatchReply.$Properties {
        }

        /** Represents a BatchReply. */
        class BatchReply {

            /**
             * Constructs a new BatchReply.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.BatchReply.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** BatchReply replies. */
            replies: barkeep.v1.CommandReply.$Properties[];

            /**
             * Creates a new BatchReply instance using the specified properties.
             * @param [properties] Properties to set
             * @returns BatchReply instance
             */
            static create(properties: barkeep.v1.BatchReply.$Shape): barkeep.v1.BatchReply & barkeep.v1.BatchReply.$Shape;
            static create(properties?: barkeep.v1.BatchReply.$Properties): barkeep.v1.BatchReply;

            /**
             * Encodes the specified BatchReply message. Does not implicitly {@link barkeep.v1.BatchReply.verify|verify} messages.
             * @param m BatchReply message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.BatchReply.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a BatchReply message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.BatchReply & barkeep.v1.BatchReply.$Shape} BatchReply
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.BatchReply & barkeep.v1.BatchReply.$Shape;
        }

        namespace BatchReply {

            /** Properties of a BatchReply. */
            interface $Properties {

                /** BatchReply replies */
                replies?: (barkeep.v1.CommandReply.$Properties[]|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a BatchReply. */
            type $Shape = {
              replies?: barkeep.v1.CommandReply.$Shape[]|null;
              $unknowns?: Uint8Array[];
            };
        }

        /**
         * Properties of a CommandReply.
         * @deprecated Use barkeep.v1.CommandReply.$Properties instead.
         */
        interface ICommandReply extends barkeep.v1.CommandReply.$Properties {
        }

        /** Represents a CommandReply. */
        class CommandReply {

            /**
             * Constructs a new CommandReply.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.CommandReply.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** CommandReply number. */
            number: (number|Long);

            /** CommandReply done. */
            done?: (barkeep.v1.Done.$Properties|null);

            /** CommandReply mapped. */
            mapped?: (barkeep.v1.Mapped.$Properties|null);

            /** CommandReply error. */
            error?: (barkeep.v1.CommandError.$Properties|null);

            /** CommandReply result. */
            result?: ("done"|"mapped"|"error");

            /**
             * Creates a new CommandReply instance using the specified properties.
             * @param [properties] Properties to set
             * @returns CommandReply instance
             */
            static create(properties: barkeep.v1.CommandReply.$Shape): barkeep.v1.CommandReply & barkeep.v1.CommandReply.$Shape;
            static create(properties?: barkeep.v1.CommandReply.$Properties): barkeep.v1.CommandReply;

            /**
             * Encodes the specified CommandReply message. Does not implicitly {@link barkeep.v1.CommandReply.verify|verify} messages.
             * @param m CommandReply message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.CommandReply.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a CommandReply message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.CommandReply & barkeep.v1.CommandReply.$Shape} CommandReply
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.CommandReply & barkeep.v1.CommandReply.$Shape;
        }

        namespace CommandReply {

            /** Properties of a CommandReply. */
            interface $Properties {

                /** CommandReply number */
                number?: (number|Long|null);

                /** CommandReply done */
                done?: (barkeep.v1.Done.$Properties|null);

                /** CommandReply mapped */
                mapped?: (barkeep.v1.Mapped.$Properties|null);

                /** CommandReply error */
                error?: (barkeep.v1.CommandError.$Properties|null);

                /** CommandReply result */
                result?: ("done"|"mapped"|"error");

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Narrowed shape of a CommandReply. */
            type $Shape = {
              number?: number|Long|null;
              done?: barkeep.v1.Done.$Shape|null;
              mapped?: barkeep.v1.Mapped.$Shape|null;
              error?: barkeep.v1.CommandError.$Shape|null;
              $unknowns?: Uint8Array[];
            } & (
              ({ result?: undefined; done?: null; mapped?: null; error?: null }|{ result?: "done"; done: barkeep.v1.Done.$Shape; mapped?: null; error?: null }|{ result?: "mapped"; done?: null; mapped: barkeep.v1.Mapped.$Shape; error?: null }|{ result?: "error"; done?: null; mapped?: null; error: barkeep.v1.CommandError.$Shape })
            );
        }

        /**
         * Properties of a Done.
         * @deprecated Use barkeep.v1.Done.$Properties instead.
         */
        interface IDone extends barkeep.v1.Done.$Properties {
        }

        /** Represents a Done. */
        class Done {

            /**
             * Constructs a new Done.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.Done.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Done wasMapped. */
            wasMapped: boolean;

            /** Done generation. */
            generation: (number|Long);

            /**
             * Creates a new Done instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Done instance
             */
            static create(properties: barkeep.v1.Done.$Shape): barkeep.v1.Done & barkeep.v1.Done.$Shape;
            static create(properties?: barkeep.v1.Done.$Properties): barkeep.v1.Done;

            /**
             * Encodes the specified Done message. Does not implicitly {@link barkeep.v1.Done.verify|verify} messages.
             * @param m Done message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.Done.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Done message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.Done & barkeep.v1.Done.$Shape} Done
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.Done & barkeep.v1.Done.$Shape;
        }

        namespace Done {

            /** Properties of a Done. */
            interface $Properties {

                /** Done wasMapped */
                wasMapped?: (boolean|null);

                /** Done generation */
                generation?: (number|Long|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Done. */
            type $Shape = barkeep.v1.Done.$Properties;
        }

        /**
         * Properties of a Mapped.
         * @deprecated Use barkeep.v1.Mapped.$Properties instead.
         */
        interface IMapped extends barkeep.v1.Mapped.$Properties {
        }

        /** Represents a Mapped. */
        class Mapped {

            /**
             * Constructs a new Mapped.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.Mapped.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Mapped cache. */
            cache: barkeep.v1.CacheType;

            /** Mapped size. */
            size: (number|Long);

            /** Mapped memory. */
            memory?: (barkeep.v1.MemoryHandle.$Properties|null);

            /**
             * Creates a new Mapped instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Mapped instance
             */
            static create(properties: barkeep.v1.Mapped.$Shape): barkeep.v1.Mapped & barkeep.v1.Mapped.$Shape;
            static create(properties?: barkeep.v1.Mapped.$Properties): barkeep.v1.Mapped;

            /**
             * Encodes the specified Mapped message. Does not implicitly {@link barkeep.v1.Mapped.verify|verify} messages.
             * @param m Mapped message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.Mapped.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Mapped message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.Mapped & barkeep.v1.Mapped.$Shape} Mapped
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.Mapped & barkeep.v1.Mapped.$Shape;
        }

        namespace Mapped {

            /** Properties of a Mapped. */
            interface $Properties {

                /** Mapped cache */
                cache?: (barkeep.v1.CacheType|null);

                /** Mapped size */
                size?: (number|Long|null);

                /** Mapped memory */
                memory?: (barkeep.v1.MemoryHandle.$Properties|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Mapped. */
            type $Shape = barkeep.v1.Mapped.$Properties;
        }

        /**
         * Properties of a CommandError.
         * @deprecated Use barkeep.v1.CommandError.$Properties instead.
         */
        interface ICommandError extends barkeep.v1.CommandError.$Properties {
        }

        /** Represents a CommandError. */
        class CommandError {

            /**
             * Constructs a new CommandError.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.CommandError.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** CommandError reason. */
            reason: barkeep.v1.Reason;

            /** CommandError message. */
            message: string;

            /**
             * Creates a new CommandError instance using the specified properties.
             * @param [properties] Properties to set
             * @returns CommandError instance
             */
            static create(properties: barkeep.v1.CommandError.$Shape): barkeep.v1.CommandError & barkeep.v1.CommandError.$Shape;
            static create(properties?: barkeep.v1.CommandError.$Properties): barkeep.v1.CommandError;

            /**
             * Encodes the specified CommandError message. Does not implicitly {@link barkeep.v1.CommandError.verify|verify} messages.
             * @param m CommandError message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.CommandError.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a CommandError message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.CommandError & barkeep.v1.CommandError.$Shape} CommandError
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.CommandError & barkeep.v1.CommandError.$Shape;
        }

        namespace CommandError {

            /** Properties of a CommandError. */
            interface $Properties {

                /** CommandError reason */
                reason?: (barkeep.v1.Reason|null);

                /** CommandError message */
                message?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a CommandError. */
            type $Shape = barkeep.v1.CommandError.$Properties;
        }

        /**
         * Properties of a FrontendStatistics.
         * @deprecated Use barkeep.v1.FrontendStatistics.$Properties instead.
         */
        interface IFrontendStatistics extends barkeep.v1.FrontendStatistics.$Properties {
        }

        /** Represents a FrontendStatistics. */
        class FrontendStatistics {

            /**
             * Constructs a new FrontendStatistics.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.FrontendStatistics.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** FrontendStatistics latencies. */
            latencies: barkeep.v1.StageLatency.$Properties[];

            /** FrontendStatistics commands. */
            commands: barkeep.v1.CommandCount.$Properties[];

            /** FrontendStatistics process. */
            process?: (barkeep.v1.ProcessStatistics.$Properties|null);

            /** FrontendStatistics malformedChains. */
            malformedChains: (number|Long);

            /** FrontendStatistics slotRefusals. */
            slotRefusals: (number|Long);

            /** FrontendStatistics vmm. */
            vmm?: (barkeep.v1.VmmStatus.$Properties|null);

            /** FrontendStatistics outOfReachChains. */
            outOfReachChains: (number|Long);

            /** FrontendStatistics strayBytes. */
            strayBytes: (number|Long);

            /** FrontendStatistics untoldBlobs. */
            untoldBlobs: (number|Long);

            /** FrontendStatistics journalFull. */
            journalFull: boolean;

            /** FrontendStatistics processVms. */
            processVms: number;

            /**
             * Creates a new FrontendStatistics instance using the specified properties.
             * @param [properties] Properties to set
             * @returns FrontendStatistics instance
             */
            static create(properties: barkeep.v1.FrontendStatistics.$Shape): barkeep.v1.FrontendStatistics & barkeep.v1.FrontendStatistics.$Shape;
            static create(properties?: barkeep.v1.FrontendStatistics.$Properties): barkeep.v1.FrontendStatistics;

            /**
             * Encodes the specified FrontendStatistics message. Does not implicitly {@link barkeep.v1.FrontendStatistics.verify|verify} messages.
             * @param m FrontendStatistics message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.FrontendStatistics.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a FrontendStatistics message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.FrontendStatistics & barkeep.v1.FrontendStatistics.$Shape} FrontendStatistics
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.FrontendStatistics & barkeep.v1.FrontendStatistics.$Shape;
        }

        namespace FrontendStatistics {

            /** Properties of a FrontendStatistics. */
            interface $Properties {

                /** FrontendStatistics latencies */
                latencies?: (barkeep.v1.StageLatency.$Properties[]|null);

                /** FrontendStatistics commands */
                commands?: (barkeep.v1.CommandCount.$Properties[]|null);

                /** FrontendStatistics process */
                process?: (barkeep.v1.ProcessStatistics.$Properties|null);

                /** FrontendStatistics malformedChains */
                malformedChains?: (number|Long|null);

                /** FrontendStatistics slotRefusals */
                slotRefusals?: (number|Long|null);

                /** FrontendStatistics vmm */
                vmm?: (barkeep.v1.VmmStatus.$Properties|null);

                /** FrontendStatistics outOfReachChains */
                outOfReachChains?: (number|Long|null);

                /** FrontendStatistics strayBytes */
                strayBytes?: (number|Long|null);

                /** FrontendStatistics untoldBlobs */
                untoldBlobs?: (number|Long|null);

                /** FrontendStatistics journalFull */
                journalFull?: (boolean|null);

                /** FrontendStatistics processVms */
                processVms?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a FrontendStatistics. */
            type $Shape = barkeep.v1.FrontendStatistics.$Properties;
        }

        /** VmmState enum. */
        enum VmmState {

            /** VMM_STATE_UNSPECIFIED value */
            VMM_STATE_UNSPECIFIED = 0,

            /** VMM_STATE_ABSENT value */
            VMM_STATE_ABSENT = 1,

            /** VMM_STATE_CONNECTED value */
            VMM_STATE_CONNECTED = 2,

            /** VMM_STATE_NEGOTIATED value */
            VMM_STATE_NEGOTIATED = 3,

            /** VMM_STATE_RUNNING value */
            VMM_STATE_RUNNING = 4,

            /** VMM_STATE_STOPPED value */
            VMM_STATE_STOPPED = 5
        }

        /** VmmProblemKind enum. */
        enum VmmProblemKind {

            /** VMM_PROBLEM_KIND_UNSPECIFIED value */
            VMM_PROBLEM_KIND_UNSPECIFIED = 0,

            /** VMM_PROBLEM_KIND_MEMORY_NOT_SHARED value */
            VMM_PROBLEM_KIND_MEMORY_NOT_SHARED = 1,

            /** VMM_PROBLEM_KIND_MEMORY_OUT_OF_REACH value */
            VMM_PROBLEM_KIND_MEMORY_OUT_OF_REACH = 2,

            /** VMM_PROBLEM_KIND_QUEUE_COUNT value */
            VMM_PROBLEM_KIND_QUEUE_COUNT = 3,

            /** VMM_PROBLEM_KIND_WINDOW_UNUSED value */
            VMM_PROBLEM_KIND_WINDOW_UNUSED = 4
        }

        /**
         * Properties of a VmmStatus.
         * @deprecated Use barkeep.v1.VmmStatus.$Properties instead.
         */
        interface IVmmStatus extends barkeep.v1.VmmStatus.$Properties {
        }

        /** Represents a VmmStatus. */
        class VmmStatus {

            /**
             * Constructs a new VmmStatus.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.VmmStatus.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** VmmStatus state. */
            state: barkeep.v1.VmmState;

            /** VmmStatus pid. */
            pid: number;

            /** VmmStatus queues. */
            queues: number;

            /** VmmStatus runningQueues. */
            runningQueues: number;

            /** VmmStatus guestBytes. */
            guestBytes: (number|Long);

            /** VmmStatus windowBytes. */
            windowBytes: (number|Long);

            /** VmmStatus outOfReachChains. */
            outOfReachChains: (number|Long);

            /** VmmStatus problems. */
            problems: barkeep.v1.VmmProblem.$Properties[];

            /**
             * Creates a new VmmStatus instance using the specified properties.
             * @param [properties] Properties to set
             * @returns VmmStatus instance
             */
            static create(properties: barkeep.v1.VmmStatus.$Shape): barkeep.v1.VmmStatus & barkeep.v1.VmmStatus.$Shape;
            static create(properties?: barkeep.v1.VmmStatus.$Properties): barkeep.v1.VmmStatus;

            /**
             * Encodes the specified VmmStatus message. Does not implicitly {@link barkeep.v1.VmmStatus.verify|verify} messages.
             * @param m VmmStatus message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.VmmStatus.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a VmmStatus message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.VmmStatus & barkeep.v1.VmmStatus.$Shape} VmmStatus
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.VmmStatus & barkeep.v1.VmmStatus.$Shape;
        }

        namespace VmmStatus {

            /** Properties of a VmmStatus. */
            interface $Properties {

                /** VmmStatus state */
                state?: (barkeep.v1.VmmState|null);

                /** VmmStatus pid */
                pid?: (number|null);

                /** VmmStatus queues */
                queues?: (number|null);

                /** VmmStatus runningQueues */
                runningQueues?: (number|null);

                /** VmmStatus guestBytes */
                guestBytes?: (number|Long|null);

                /** VmmStatus windowBytes */
                windowBytes?: (number|Long|null);

                /** VmmStatus outOfReachChains */
                outOfReachChains?: (number|Long|null);

                /** VmmStatus problems */
                problems?: (barkeep.v1.VmmProblem.$Properties[]|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a VmmStatus. */
            type $Shape = barkeep.v1.VmmStatus.$Properties;
        }

        /**
         * Properties of a VmmProblem.
         * @deprecated Use barkeep.v1.VmmProblem.$Properties instead.
         */
        interface IVmmProblem extends barkeep.v1.VmmProblem.$Properties {
        }

        /** Represents a VmmProblem. */
        class VmmProblem {

            /**
             * Constructs a new VmmProblem.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.VmmProblem.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** VmmProblem kind. */
            kind: barkeep.v1.VmmProblemKind;

            /** VmmProblem message. */
            message: string;

            /**
             * Creates a new VmmProblem instance using the specified properties.
             * @param [properties] Properties to set
             * @returns VmmProblem instance
             */
            static create(properties: barkeep.v1.VmmProblem.$Shape): barkeep.v1.VmmProblem & barkeep.v1.VmmProblem.$Shape;
            static create(properties?: barkeep.v1.VmmProblem.$Properties): barkeep.v1.VmmProblem;

            /**
             * Encodes the specified VmmProblem message. Does not implicitly {@link barkeep.v1.VmmProblem.verify|verify} messages.
             * @param m VmmProblem message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.VmmProblem.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a VmmProblem message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.VmmProblem & barkeep.v1.VmmProblem.$Shape} VmmProblem
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.VmmProblem & barkeep.v1.VmmProblem.$Shape;
        }

        namespace VmmProblem {

            /** Properties of a VmmProblem. */
            interface $Properties {

                /** VmmProblem kind */
                kind?: (barkeep.v1.VmmProblemKind|null);

                /** VmmProblem message */
                message?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a VmmProblem. */
            type $Shape = barkeep.v1.VmmProblem.$Properties;
        }

        /**
         * Properties of a StageLatency.
         * @deprecated Use barkeep.v1.StageLatency.$Properties instead.
         */
        interface IStageLatency extends barkeep.v1.StageLatency.$Properties {
        }

        /** Represents a StageLatency. */
        class StageLatency {

            /**
             * Constructs a new StageLatency.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.StageLatency.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** StageLatency stage. */
            stage: string;

            /** StageLatency histogram. */
            histogram?: (barkeep.v1.Histogram.$Properties|null);

            /**
             * Creates a new StageLatency instance using the specified properties.
             * @param [properties] Properties to set
             * @returns StageLatency instance
             */
            static create(properties: barkeep.v1.StageLatency.$Shape): barkeep.v1.StageLatency & barkeep.v1.StageLatency.$Shape;
            static create(properties?: barkeep.v1.StageLatency.$Properties): barkeep.v1.StageLatency;

            /**
             * Encodes the specified StageLatency message. Does not implicitly {@link barkeep.v1.StageLatency.verify|verify} messages.
             * @param m StageLatency message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.StageLatency.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a StageLatency message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.StageLatency & barkeep.v1.StageLatency.$Shape} StageLatency
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.StageLatency & barkeep.v1.StageLatency.$Shape;
        }

        namespace StageLatency {

            /** Properties of a StageLatency. */
            interface $Properties {

                /** StageLatency stage */
                stage?: (string|null);

                /** StageLatency histogram */
                histogram?: (barkeep.v1.Histogram.$Properties|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a StageLatency. */
            type $Shape = barkeep.v1.StageLatency.$Properties;
        }

        /**
         * Properties of a CommandCount.
         * @deprecated Use barkeep.v1.CommandCount.$Properties instead.
         */
        interface ICommandCount extends barkeep.v1.CommandCount.$Properties {
        }

        /** Represents a CommandCount. */
        class CommandCount {

            /**
             * Constructs a new CommandCount.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.CommandCount.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** CommandCount command. */
            command: string;

            /** CommandCount answer. */
            answer: string;

            /** CommandCount count. */
            count: (number|Long);

            /**
             * Creates a new CommandCount instance using the specified properties.
             * @param [properties] Properties to set
             * @returns CommandCount instance
             */
            static create(properties: barkeep.v1.CommandCount.$Shape): barkeep.v1.CommandCount & barkeep.v1.CommandCount.$Shape;
            static create(properties?: barkeep.v1.CommandCount.$Properties): barkeep.v1.CommandCount;

            /**
             * Encodes the specified CommandCount message. Does not implicitly {@link barkeep.v1.CommandCount.verify|verify} messages.
             * @param m CommandCount message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.CommandCount.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a CommandCount message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.CommandCount & barkeep.v1.CommandCount.$Shape} CommandCount
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.CommandCount & barkeep.v1.CommandCount.$Shape;
        }

        namespace CommandCount {

            /** Properties of a CommandCount. */
            interface $Properties {

                /** CommandCount command */
                command?: (string|null);

                /** CommandCount answer */
                answer?: (string|null);

                /** CommandCount count */
                count?: (number|Long|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a CommandCount. */
            type $Shape = barkeep.v1.CommandCount.$Properties;
        }

        /**
         * Properties of a ProcessStatistics.
         * @deprecated Use barkeep.v1.ProcessStatistics.$Properties instead.
         */
        interface IProcessStatistics extends barkeep.v1.ProcessStatistics.$Properties {
        }

        /** Represents a ProcessStatistics. */
        class ProcessStatistics {

            /**
             * Constructs a new ProcessStatistics.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.ProcessStatistics.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** ProcessStatistics residentBytes. */
            residentBytes: (number|Long);

            /** ProcessStatistics heapUsedBytes. */
            heapUsedBytes: (number|Long);

            /** ProcessStatistics openFds. */
            openFds: (number|Long);

            /** ProcessStatistics cpuSeconds. */
            cpuSeconds: number;

            /** ProcessStatistics eventLoopLagP50. */
            eventLoopLagP50: number;

            /** ProcessStatistics eventLoopLagP99. */
            eventLoopLagP99: number;

            /** ProcessStatistics eventLoopLagMax. */
            eventLoopLagMax: number;

            /** ProcessStatistics startTime. */
            startTime: number;

            /**
             * Creates a new ProcessStatistics instance using the specified properties.
             * @param [properties] Properties to set
             * @returns ProcessStatistics instance
             */
            static create(properties: barkeep.v1.ProcessStatistics.$Shape): barkeep.v1.ProcessStatistics & barkeep.v1.ProcessStatistics.$Shape;
            static create(properties?: barkeep.v1.ProcessStatistics.$Properties): barkeep.v1.ProcessStatistics;

            /**
             * Encodes the specified ProcessStatistics message. Does not implicitly {@link barkeep.v1.ProcessStatistics.verify|verify} messages.
             * @param m ProcessStatistics message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.ProcessStatistics.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a ProcessStatistics message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.ProcessStatistics & barkeep.v1.ProcessStatistics.$Shape} ProcessStatistics
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.ProcessStatistics & barkeep.v1.ProcessStatistics.$Shape;
        }

        namespace ProcessStatistics {

            /** Properties of a ProcessStatistics. */
            interface $Properties {

                /** ProcessStatistics residentBytes */
                residentBytes?: (number|Long|null);

                /** ProcessStatistics heapUsedBytes */
                heapUsedBytes?: (number|Long|null);

                /** ProcessStatistics openFds */
                openFds?: (number|Long|null);

                /** ProcessStatistics cpuSeconds */
                cpuSeconds?: (number|null);

                /** ProcessStatistics eventLoopLagP50 */
                eventLoopLagP50?: (number|null);

                /** ProcessStatistics eventLoopLagP99 */
                eventLoopLagP99?: (number|null);

                /** ProcessStatistics eventLoopLagMax */
                eventLoopLagMax?: (number|null);

                /** ProcessStatistics startTime */
                startTime?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a ProcessStatistics. */
            type $Shape = barkeep.v1.ProcessStatistics.$Properties;
        }

        /**
         * Properties of an AttachVmRequest.
         * @deprecated Use barkeep.v1.AttachVmRequest.$Properties instead.
         */
        interface IAttachVmRequest extends barkeep.v1.AttachVmRequest.$Properties {
        }

        /** Represents an AttachVmRequest. */
        class AttachVmRequest {

            /**
             * Constructs a new AttachVmRequest.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.AttachVmRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** AttachVmRequest vm. */
            vm: string;

            /** AttachVmRequest secret. */
            secret: string;

            /** AttachVmRequest session. */
            session: Uint8Array;

            /**
             * Creates a new AttachVmRequest instance using the specified properties.
             * @param [properties] Properties to set
             * @returns AttachVmRequest instance
             */
            static create(properties: barkeep.v1.AttachVmRequest.$Shape): barkeep.v1.AttachVmRequest & barkeep.v1.AttachVmRequest.$Shape;
            static create(properties?: barkeep.v1.AttachVmRequest.$Properties): barkeep.v1.AttachVmRequest;

            /**
             * Encodes the specified AttachVmRequest message. Does not implicitly {@link barkeep.v1.AttachVmRequest.verify|verify} messages.
             * @param m AttachVmRequest message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.AttachVmRequest.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an AttachVmRequest message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.AttachVmRequest & barkeep.v1.AttachVmRequest.$Shape} AttachVmRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.AttachVmRequest & barkeep.v1.AttachVmRequest.$Shape;
        }

        namespace AttachVmRequest {

            /** Properties of an AttachVmRequest. */
            interface $Properties {

                /** AttachVmRequest vm */
                vm?: (string|null);

                /** AttachVmRequest secret */
                secret?: (string|null);

                /** AttachVmRequest session */
                session?: (Uint8Array|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an AttachVmRequest. */
            type $Shape = barkeep.v1.AttachVmRequest.$Properties;
        }

        /**
         * Properties of an AttachVmResponse.
         * @deprecated Use barkeep.v1.AttachVmResponse.$Properties instead.
         */
        interface IAttachVmResponse extends barkeep.v1.AttachVmResponse.$Properties {
        }

        /** Represents an AttachVmResponse. */
        class AttachVmResponse {

            /**
             * Constructs a new AttachVmResponse.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.AttachVmResponse.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** AttachVmResponse attached. */
            attached?: (barkeep.v1.Attached.$Properties|null);

            /**
             * Creates a new AttachVmResponse instance using the specified properties.
             * @param [properties] Properties to set
             * @returns AttachVmResponse instance
             */
            static create(properties: barkeep.v1.AttachVmResponse.$Shape): barkeep.v1.AttachVmResponse & barkeep.v1.AttachVmResponse.$Shape;
            static create(properties?: barkeep.v1.AttachVmResponse.$Properties): barkeep.v1.AttachVmResponse;

            /**
             * Encodes the specified AttachVmResponse message. Does not implicitly {@link barkeep.v1.AttachVmResponse.verify|verify} messages.
             * @param m AttachVmResponse message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.AttachVmResponse.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an AttachVmResponse message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.AttachVmResponse & barkeep.v1.AttachVmResponse.$Shape} AttachVmResponse
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.AttachVmResponse & barkeep.v1.AttachVmResponse.$Shape;
        }

        namespace AttachVmResponse {

            /** Properties of an AttachVmResponse. */
            interface $Properties {

                /** AttachVmResponse attached */
                attached?: (barkeep.v1.Attached.$Properties|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an AttachVmResponse. */
            type $Shape = barkeep.v1.AttachVmResponse.$Properties;
        }

        /**
         * Properties of a DetachVmRequest.
         * @deprecated Use barkeep.v1.DetachVmRequest.$Properties instead.
         */
        interface IDetachVmRequest extends barkeep.v1.DetachVmRequest.$Properties {
        }

        /** Represents a DetachVmRequest. */
        class DetachVmRequest {

            /**
             * Constructs a new DetachVmRequest.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.DetachVmRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** DetachVmRequest vm. */
            vm: string;

            /**
             * Creates a new DetachVmRequest instance using the specified properties.
             * @param [properties] Properties to set
             * @returns DetachVmRequest instance
             */
            static create(properties: barkeep.v1.DetachVmRequest.$Shape): barkeep.v1.DetachVmRequest & barkeep.v1.DetachVmRequest.$Shape;
            static create(properties?: barkeep.v1.DetachVmRequest.$Properties): barkeep.v1.DetachVmRequest;

            /**
             * Encodes the specified DetachVmRequest message. Does not implicitly {@link barkeep.v1.DetachVmRequest.verify|verify} messages.
             * @param m DetachVmRequest message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.DetachVmRequest.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a DetachVmRequest message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.DetachVmRequest & barkeep.v1.DetachVmRequest.$Shape} DetachVmRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.DetachVmRequest & barkeep.v1.DetachVmRequest.$Shape;
        }

        namespace DetachVmRequest {

            /** Properties of a DetachVmRequest. */
            interface $Properties {

                /** DetachVmRequest vm */
                vm?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a DetachVmRequest. */
            type $Shape = barkeep.v1.DetachVmRequest.$Properties;
        }

        /**
         * Properties of a DetachVmResponse.
         * @deprecated Use barkeep.v1.DetachVmResponse.$Properties instead.
         */
        interface IDetachVmResponse extends barkeep.v1.DetachVmResponse.$Properties {
        }

        /** Represents a DetachVmResponse. */
        class DetachVmResponse {

            /**
             * Constructs a new DetachVmResponse.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.DetachVmResponse.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /**
             * Creates a new DetachVmResponse instance using the specified properties.
             * @param [properties] Properties to set
             * @returns DetachVmResponse instance
             */
            static create(properties: barkeep.v1.DetachVmResponse.$Shape): barkeep.v1.DetachVmResponse & barkeep.v1.DetachVmResponse.$Shape;
            static create(properties?: barkeep.v1.DetachVmResponse.$Properties): barkeep.v1.DetachVmResponse;

            /**
             * Encodes the specified DetachVmResponse message. Does not implicitly {@link barkeep.v1.DetachVmResponse.verify|verify} messages.
             * @param m DetachVmResponse message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.DetachVmResponse.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a DetachVmResponse message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.DetachVmResponse & barkeep.v1.DetachVmResponse.$Shape} DetachVmResponse
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.DetachVmResponse & barkeep.v1.DetachVmResponse.$Shape;
        }

        namespace DetachVmResponse {

            /** Properties of a DetachVmResponse. */
            interface $Properties {

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a DetachVmResponse. */
            type $Shape = barkeep.v1.DetachVmResponse.$Properties;
        }

        /**
         * Properties of a CreateBlobRequest.
         * @deprecated Use barkeep.v1.CreateBlobRequest.$Properties instead.
         */
        interface ICreateBlobRequest extends barkeep.v1.CreateBlobRequest.$Properties {
        }

        /** Represents a CreateBlobRequest. */
        class CreateBlobRequest {

            /**
             * Constructs a new CreateBlobRequest.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.CreateBlobRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** CreateBlobRequest vm. */
            vm: string;

            /** CreateBlobRequest number. */
            number: (number|Long);

            /** CreateBlobRequest create. */
            create?: (barkeep.v1.CreateBlob.$Properties|null);

            /**
             * Creates a new CreateBlobRequest instance using the specified properties.
             * @param [properties] Properties to set
             * @returns CreateBlobRequest instance
             */
            static create(properties: barkeep.v1.CreateBlobRequest.$Shape): barkeep.v1.CreateBlobRequest & barkeep.v1.CreateBlobRequest.$Shape;
            static create(properties?: barkeep.v1.CreateBlobRequest.$Properties): barkeep.v1.CreateBlobRequest;

            /**
             * Encodes the specified CreateBlobRequest message. Does not implicitly {@link barkeep.v1.CreateBlobRequest.verify|verify} messages.
             * @param m CreateBlobRequest message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.CreateBlobRequest.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a CreateBlobRequest message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.CreateBlobRequest & barkeep.v1.CreateBlobRequest.$Shape} CreateBlobRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.CreateBlobRequest & barkeep.v1.CreateBlobRequest.$Shape;
        }

        namespace CreateBlobRequest {

            /** Properties of a CreateBlobRequest. */
            interface $Properties {

                /** CreateBlobRequest vm */
                vm?: (string|null);

                /** CreateBlobRequest number */
                number?: (number|Long|null);

                /** CreateBlobRequest create */
                create?: (barkeep.v1.CreateBlob.$Properties|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a CreateBlobRequest. */
            type $Shape = barkeep.v1.CreateBlobRequest.$Properties;
        }

        /**
         * Properties of a CreateBlobResponse.
         * @deprecated Use barkeep.v1.CreateBlobResponse.$Properties instead.
         */
        interface ICreateBlobResponse extends barkeep.v1.CreateBlobResponse.$Properties {
        }

        /** Represents a CreateBlobResponse. */
        class CreateBlobResponse {

            /**
             * Constructs a new CreateBlobResponse.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.CreateBlobResponse.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /**
             * Creates a new CreateBlobResponse instance using the specified properties.
             * @param [properties] Properties to set
             * @returns CreateBlobResponse instance
             */
            static create(properties: barkeep.v1.CreateBlobResponse.$Shape): barkeep.v1.CreateBlobResponse & barkeep.v1.CreateBlobResponse.$Shape;
            static create(properties?: barkeep.v1.CreateBlobResponse.$Properties): barkeep.v1.CreateBlobResponse;

            /**
             * Encodes the specified CreateBlobResponse message. Does not implicitly {@link barkeep.v1.CreateBlobResponse.verify|verify} messages.
             * @param m CreateBlobResponse message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.CreateBlobResponse.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a CreateBlobResponse message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.CreateBlobResponse & barkeep.v1.CreateBlobResponse.$Shape} CreateBlobResponse
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.CreateBlobResponse & barkeep.v1.CreateBlobResponse.$Shape;
        }

        namespace CreateBlobResponse {

            /** Properties of a CreateBlobResponse. */
            interface $Properties {

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a CreateBlobResponse. */
            type $Shape = barkeep.v1.CreateBlobResponse.$Properties;
        }

        /**
         * Properties of a MapBlobRequest.
         * @deprecated Use barkeep.v1.MapBlobRequest.$Properties instead.
         */
        interface IMapBlobRequest extends barkeep.v1.MapBlobRequest.$Properties {
        }

        /** Represents a MapBlobRequest. */
        class MapBlobRequest {

            /**
             * Constructs a new MapBlobRequest.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.MapBlobRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** MapBlobRequest vm. */
            vm: string;

            /** MapBlobRequest number. */
            number: (number|Long);

            /** MapBlobRequest map. */
            map?: (barkeep.v1.MapBlob.$Properties|null);

            /**
             * Creates a new MapBlobRequest instance using the specified properties.
             * @param [properties] Properties to set
             * @returns MapBlobRequest instance
             */
            static create(properties: barkeep.v1.MapBlobRequest.$Shape): barkeep.v1.MapBlobRequest & barkeep.v1.MapBlobRequest.$Shape;
            static create(properties?: barkeep.v1.MapBlobRequest.$Properties): barkeep.v1.MapBlobRequest;

            /**
             * Encodes the specified MapBlobRequest message. Does not implicitly {@link barkeep.v1.MapBlobRequest.verify|verify} messages.
             * @param m MapBlobRequest message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.MapBlobRequest.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a MapBlobRequest message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.MapBlobRequest & barkeep.v1.MapBlobRequest.$Shape} MapBlobRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.MapBlobRequest & barkeep.v1.MapBlobRequest.$Shape;
        }

        namespace MapBlobRequest {

            /** Properties of a MapBlobRequest. */
            interface $Properties {

                /** MapBlobRequest vm */
                vm?: (string|null);

                /** MapBlobRequest number */
                number?: (number|Long|null);

                /** MapBlobRequest map */
                map?: (barkeep.v1.MapBlob.$Properties|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a MapBlobRequest. */
            type $Shape = barkeep.v1.MapBlobRequest.$Properties;
        }

        /**
         * Properties of a MapBlobResponse.
         * @deprecated Use barkeep.v1.MapBlobResponse.$Properties instead.
         */
        interface IMapBlobResponse extends barkeep.v1.MapBlobResponse.$Properties {
        }

        /** Represents a MapBlobResponse. */
        class MapBlobResponse {

            /**
             * Constructs a new MapBlobResponse.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.MapBlobResponse.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** MapBlobResponse mapped. */
            mapped?: (barkeep.v1.Mapped.$Properties|null);

            /**
             * Creates a new MapBlobResponse instance using the specified properties.
             * @param [properties] Properties to set
             * @returns MapBlobResponse instance
             */
            static create(properties: barkeep.v1.MapBlobResponse.$Shape): barkeep.v1.MapBlobResponse & barkeep.v1.MapBlobResponse.$Shape;
            static create(properties?: barkeep.v1.MapBlobResponse.$Properties): barkeep.v1.MapBlobResponse;

            /**
             * Encodes the specified MapBlobResponse message. Does not implicitly {@link barkeep.v1.MapBlobResponse.verify|verify} messages.
             * @param m MapBlobResponse message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.MapBlobResponse.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a MapBlobResponse message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.MapBlobResponse & barkeep.v1.MapBlobResponse.$Shape} MapBlobResponse
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.MapBlobResponse & barkeep.v1.MapBlobResponse.$Shape;
        }

        namespace MapBlobResponse {

            /** Properties of a MapBlobResponse. */
            interface $Properties {

                /** MapBlobResponse mapped */
                mapped?: (barkeep.v1.Mapped.$Properties|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a MapBlobResponse. */
            type $Shape = barkeep.v1.MapBlobResponse.$Properties;
        }

        /**
         * Properties of an UnmapBlobRequest.
         * @deprecated Use barkeep.v1.UnmapBlobRequest.$Properties instead.
         */
        interface IUnmapBlobRequest extends barkeep.v1.UnmapBlobRequest.$Properties {
        }

        /** Represents an UnmapBlobRequest. */
        class UnmapBlobRequest {

            /**
             * Constructs a new UnmapBlobRequest.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.UnmapBlobRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** UnmapBlobRequest vm. */
            vm: string;

            /** UnmapBlobRequest number. */
            number: (number|Long);

            /** UnmapBlobRequest unmap. */
            unmap?: (barkeep.v1.UnmapBlob.$Properties|null);

            /**
             * Creates a new UnmapBlobRequest instance using the specified properties.
             * @param [properties] Properties to set
             * @returns UnmapBlobRequest instance
             */
            static create(properties: barkeep.v1.UnmapBlobRequest.$Shape): barkeep.v1.UnmapBlobRequest & barkeep.v1.UnmapBlobRequest.$Shape;
            static create(properties?: barkeep.v1.UnmapBlobRequest.$Properties): barkeep.v1.UnmapBlobRequest;

            /**
             * Encodes the specified UnmapBlobRequest message. Does not implicitly {@link barkeep.v1.UnmapBlobRequest.verify|verify} messages.
             * @param m UnmapBlobRequest message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.UnmapBlobRequest.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an UnmapBlobRequest message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.UnmapBlobRequest & barkeep.v1.UnmapBlobRequest.$Shape} UnmapBlobRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.UnmapBlobRequest & barkeep.v1.UnmapBlobRequest.$Shape;
        }

        namespace UnmapBlobRequest {

            /** Properties of an UnmapBlobRequest. */
            interface $Properties {

                /** UnmapBlobRequest vm */
                vm?: (string|null);

                /** UnmapBlobRequest number */
                number?: (number|Long|null);

                /** UnmapBlobRequest unmap */
                unmap?: (barkeep.v1.UnmapBlob.$Properties|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an UnmapBlobRequest. */
            type $Shape = barkeep.v1.UnmapBlobRequest.$Properties;
        }

        /**
         * Properties of an UnmapBlobResponse.
         * @deprecated Use barkeep.v1.UnmapBlobResponse.$Properties instead.
         */
        interface IUnmapBlobResponse extends barkeep.v1.UnmapBlobResponse.$Properties {
        }

        /** Represents an UnmapBlobResponse. */
        class UnmapBlobResponse {

            /**
             * Constructs a new UnmapBlobResponse.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.UnmapBlobResponse.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** UnmapBlobResponse wasMapped. */
            wasMapped: boolean;

            /**
             * Creates a new UnmapBlobResponse instance using the specified properties.
             * @param [properties] Properties to set
             * @returns UnmapBlobResponse instance
             */
            static create(properties: barkeep.v1.UnmapBlobResponse.$Shape): barkeep.v1.UnmapBlobResponse & barkeep.v1.UnmapBlobResponse.$Shape;
            static create(properties?: barkeep.v1.UnmapBlobResponse.$Properties): barkeep.v1.UnmapBlobResponse;

            /**
             * Encodes the specified UnmapBlobResponse message. Does not implicitly {@link barkeep.v1.UnmapBlobResponse.verify|verify} messages.
             * @param m UnmapBlobResponse message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.UnmapBlobResponse.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an UnmapBlobResponse message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.UnmapBlobResponse & barkeep.v1.UnmapBlobResponse.$Shape} UnmapBlobResponse
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.UnmapBlobResponse & barkeep.v1.UnmapBlobResponse.$Shape;
        }

        namespace UnmapBlobResponse {

            /** Properties of an UnmapBlobResponse. */
            interface $Properties {

                /** UnmapBlobResponse wasMapped */
                wasMapped?: (boolean|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an UnmapBlobResponse. */
            type $Shape = barkeep.v1.UnmapBlobResponse.$Properties;
        }

        /**
         * Properties of a DestroyBlobRequest.
         * @deprecated Use barkeep.v1.DestroyBlobRequest.$Properties instead.
         */
        interface IDestroyBlobRequest extends barkeep.v1.DestroyBlobRequest.$Properties {
        }

        /** Represents a DestroyBlobRequest. */
        class DestroyBlobRequest {

            /**
             * Constructs a new DestroyBlobRequest.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.DestroyBlobRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** DestroyBlobRequest vm. */
            vm: string;

            /** DestroyBlobRequest number. */
            number: (number|Long);

            /** DestroyBlobRequest destroy. */
            destroy?: (barkeep.v1.DestroyBlob.$Properties|null);

            /**
             * Creates a new DestroyBlobRequest instance using the specified properties.
             * @param [properties] Properties to set
             * @returns DestroyBlobRequest instance
             */
            static create(properties: barkeep.v1.DestroyBlobRequest.$Shape): barkeep.v1.DestroyBlobRequest & barkeep.v1.DestroyBlobRequest.$Shape;
            static create(properties?: barkeep.v1.DestroyBlobRequest.$Properties): barkeep.v1.DestroyBlobRequest;

            /**
             * Encodes the specified DestroyBlobRequest message. Does not implicitly {@link barkeep.v1.DestroyBlobRequest.verify|verify} messages.
             * @param m DestroyBlobRequest message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.DestroyBlobRequest.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a DestroyBlobRequest message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.DestroyBlobRequest & barkeep.v1.DestroyBlobRequest.$Shape} DestroyBlobRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.DestroyBlobRequest & barkeep.v1.DestroyBlobRequest.$Shape;
        }

        namespace DestroyBlobRequest {

            /** Properties of a DestroyBlobRequest. */
            interface $Properties {

                /** DestroyBlobRequest vm */
                vm?: (string|null);

                /** DestroyBlobRequest number */
                number?: (number|Long|null);

                /** DestroyBlobRequest destroy */
                destroy?: (barkeep.v1.DestroyBlob.$Properties|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a DestroyBlobRequest. */
            type $Shape = barkeep.v1.DestroyBlobRequest.$Properties;
        }

        /**
         * Properties of a DestroyBlobResponse.
         * @deprecated Use barkeep.v1.DestroyBlobResponse.$Properties instead.
         */
        interface IDestroyBlobResponse extends barkeep.v1.DestroyBlobResponse.$Properties {
        }

        /** Represents a DestroyBlobResponse. */
        class DestroyBlobResponse {

            /**
             * Constructs a new DestroyBlobResponse.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.DestroyBlobResponse.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** DestroyBlobResponse wasMapped. */
            wasMapped: boolean;

            /**
             * Creates a new DestroyBlobResponse instance using the specified properties.
             * @param [properties] Properties to set
             * @returns DestroyBlobResponse instance
             */
            static create(properties: barkeep.v1.DestroyBlobResponse.$Shape): barkeep.v1.DestroyBlobResponse & barkeep.v1.DestroyBlobResponse.$Shape;
            static create(properties?: barkeep.v1.DestroyBlobResponse.$Properties): barkeep.v1.DestroyBlobResponse;

            /**
             * Encodes the specified DestroyBlobResponse message. Does not implicitly {@link barkeep.v1.DestroyBlobResponse.verify|verify} messages.
             * @param m DestroyBlobResponse message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.DestroyBlobResponse.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a DestroyBlobResponse message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.DestroyBlobResponse & barkeep.v1.DestroyBlobResponse.$Shape} DestroyBlobResponse
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.DestroyBlobResponse & barkeep.v1.DestroyBlobResponse.$Shape;
        }

        namespace DestroyBlobResponse {

            /** Properties of a DestroyBlobResponse. */
            interface $Properties {

                /** DestroyBlobResponse wasMapped */
                wasMapped?: (boolean|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a DestroyBlobResponse. */
            type $Shape = barkeep.v1.DestroyBlobResponse.$Properties;
        }

        /**
         * Properties of a ResetVmRequest.
         * @deprecated Use barkeep.v1.ResetVmRequest.$Properties instead.
         */
        interface IResetVmRequest extends barkeep.v1.ResetVmRequest.$Properties {
        }

        /** Represents a ResetVmRequest. */
        class ResetVmRequest {

            /**
             * Constructs a new ResetVmRequest.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.ResetVmRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** ResetVmRequest vm. */
            vm: string;

            /** ResetVmRequest number. */
            number: (number|Long);

            /**
             * Creates a new ResetVmRequest instance using the specified properties.
             * @param [properties] Properties to set
             * @returns ResetVmRequest instance
             */
            static create(properties: barkeep.v1.ResetVmRequest.$Shape): barkeep.v1.ResetVmRequest & barkeep.v1.ResetVmRequest.$Shape;
            static create(properties?: barkeep.v1.ResetVmRequest.$Properties): barkeep.v1.ResetVmRequest;

            /**
             * Encodes the specified ResetVmRequest message. Does not implicitly {@link barkeep.v1.ResetVmRequest.verify|verify} messages.
             * @param m ResetVmRequest message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.ResetVmRequest.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a ResetVmRequest message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.ResetVmRequest & barkeep.v1.ResetVmRequest.$Shape} ResetVmRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.ResetVmRequest & barkeep.v1.ResetVmRequest.$Shape;
        }

        namespace ResetVmRequest {

            /** Properties of a ResetVmRequest. */
            interface $Properties {

                /** ResetVmRequest vm */
                vm?: (string|null);

                /** ResetVmRequest number */
                number?: (number|Long|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a ResetVmRequest. */
            type $Shape = barkeep.v1.ResetVmRequest.$Properties;
        }

        /**
         * Properties of a ResetVmResponse.
         * @deprecated Use barkeep.v1.ResetVmResponse.$Properties instead.
         */
        interface IResetVmResponse extends barkeep.v1.ResetVmResponse.$Properties {
        }

        /** Represents a ResetVmResponse. */
        class ResetVmResponse {

            /**
             * Constructs a new ResetVmResponse.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.ResetVmResponse.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** ResetVmResponse generation. */
            generation: (number|Long);

            /**
             * Creates a new ResetVmResponse instance using the specified properties.
             * @param [properties] Properties to set
             * @returns ResetVmResponse instance
             */
            static create(properties: barkeep.v1.ResetVmResponse.$Shape): barkeep.v1.ResetVmResponse & barkeep.v1.ResetVmResponse.$Shape;
            static create(properties?: barkeep.v1.ResetVmResponse.$Properties): barkeep.v1.ResetVmResponse;

            /**
             * Encodes the specified ResetVmResponse message. Does not implicitly {@link barkeep.v1.ResetVmResponse.verify|verify} messages.
             * @param m ResetVmResponse message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.ResetVmResponse.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a ResetVmResponse message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.ResetVmResponse & barkeep.v1.ResetVmResponse.$Shape} ResetVmResponse
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.ResetVmResponse & barkeep.v1.ResetVmResponse.$Shape;
        }

        namespace ResetVmResponse {

            /** Properties of a ResetVmResponse. */
            interface $Properties {

                /** ResetVmResponse generation */
                generation?: (number|Long|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a ResetVmResponse. */
            type $Shape = barkeep.v1.ResetVmResponse.$Properties;
        }

        /** CacheType enum. */
        enum CacheType {

            /** CACHE_TYPE_UNSPECIFIED value */
            CACHE_TYPE_UNSPECIFIED = 0,

            /** CACHE_TYPE_CACHED value */
            CACHE_TYPE_CACHED = 1,

            /** CACHE_TYPE_UNCACHED value */
            CACHE_TYPE_UNCACHED = 2,

            /** CACHE_TYPE_WC value */
            CACHE_TYPE_WC = 3,

            /** CACHE_TYPE_NONE value */
            CACHE_TYPE_NONE = 4
        }

        /** Placement enum. */
        enum Placement {

            /** PLACEMENT_UNSPECIFIED value */
            PLACEMENT_UNSPECIFIED = 0,

            /** PLACEMENT_WINDOW value */
            PLACEMENT_WINDOW = 1,

            /** PLACEMENT_PER_BLOB value */
            PLACEMENT_PER_BLOB = 2
        }

        /** Backing enum. */
        enum Backing {

            /** BACKING_UNSPECIFIED value */
            BACKING_UNSPECIFIED = 0,

            /** BACKING_MEMFD value */
            BACKING_MEMFD = 1,

            /** BACKING_HUGETLB value */
            BACKING_HUGETLB = 2,

            /** BACKING_FILE value */
            BACKING_FILE = 3
        }

        /** Reason enum. */
        enum Reason {

            /** REASON_UNSPECIFIED value */
            REASON_UNSPECIFIED = 0,

            /** REASON_RESOURCE_ID_INVALID value */
            REASON_RESOURCE_ID_INVALID = 1,

            /** REASON_RESOURCE_ID_IN_USE value */
            REASON_RESOURCE_ID_IN_USE = 2,

            /** REASON_RESOURCE_UNKNOWN value */
            REASON_RESOURCE_UNKNOWN = 3,

            /** REASON_BLOB_ID_UNKNOWN value */
            REASON_BLOB_ID_UNKNOWN = 4,

            /** REASON_BLOB_FLAGS_INVALID value */
            REASON_BLOB_FLAGS_INVALID = 5,

            /** REASON_SIZE_INVALID value */
            REASON_SIZE_INVALID = 6,

            /** REASON_NOT_MAPPABLE value */
            REASON_NOT_MAPPABLE = 7,

            /** REASON_ALREADY_MAPPED value */
            REASON_ALREADY_MAPPED = 8,

            /** REASON_OFFSET_MISALIGNED value */
            REASON_OFFSET_MISALIGNED = 9,

            /** REASON_OUTSIDE_WINDOW value */
            REASON_OUTSIDE_WINDOW = 10,

            /** REASON_OVERLAP value */
            REASON_OVERLAP = 11,

            /** REASON_PLACEMENT_MISMATCH value */
            REASON_PLACEMENT_MISMATCH = 12,

            /** REASON_HEAP_CAPACITY value */
            REASON_HEAP_CAPACITY = 13,

            /** REASON_HOST_CAPACITY value */
            REASON_HOST_CAPACITY = 14,

            /** REASON_QUOTA_BYTES value */
            REASON_QUOTA_BYTES = 15,

            /** REASON_QUOTA_MAPPINGS value */
            REASON_QUOTA_MAPPINGS = 16,

            /** REASON_QUOTA_ALLOCATIONS value */
            REASON_QUOTA_ALLOCATIONS = 17,

            /** REASON_OUT_OF_MEMORY value */
            REASON_OUT_OF_MEMORY = 18,

            /** REASON_NUMBER_GAP value */
            REASON_NUMBER_GAP = 19,

            /** REASON_NUMBER_FORGOTTEN value */
            REASON_NUMBER_FORGOTTEN = 20,

            /** REASON_UNACKNOWLEDGED_LIMIT value */
            REASON_UNACKNOWLEDGED_LIMIT = 21,

            /** REASON_VM_UNKNOWN value */
            REASON_VM_UNKNOWN = 22,

            /** REASON_VM_ATTACHED value */
            REASON_VM_ATTACHED = 23,

            /** REASON_VM_NOT_ATTACHED value */
            REASON_VM_NOT_ATTACHED = 24,

            /** REASON_VM_FORBIDDEN value */
            REASON_VM_FORBIDDEN = 25,

            /** REASON_SESSION_UNKNOWN value */
            REASON_SESSION_UNKNOWN = 26,

            /** REASON_PROTOCOL value */
            REASON_PROTOCOL = 27,

            /** REASON_PAGE_INVALID value */
            REASON_PAGE_INVALID = 28,

            /** REASON_SHUTTING_DOWN value */
            REASON_SHUTTING_DOWN = 29,

            /** REASON_INTERNAL value */
            REASON_INTERNAL = 30,

            /** REASON_HEAP_UNKNOWN value */
            REASON_HEAP_UNKNOWN = 31,

            /** REASON_NEVER_MAPPED value */
            REASON_NEVER_MAPPED = 32,

            /** REASON_WATCHER_LIMIT value */
            REASON_WATCHER_LIMIT = 33,

            /** REASON_VM_IN_USE value */
            REASON_VM_IN_USE = 34,

            /** REASON_VMM_SLOTS value */
            REASON_VMM_SLOTS = 35,

            /** REASON_ROLE_FORBIDDEN value */
            REASON_ROLE_FORBIDDEN = 36,

            /** REASON_VM_SUSPENDED value */
            REASON_VM_SUSPENDED = 37,

            /** REASON_STASHED value */
            REASON_STASHED = 38,

            /** REASON_BROKER_TOO_OLD value */
            REASON_BROKER_TOO_OLD = 39
        }

        /**
         * Properties of a MemoryHandle.
         * @deprecated Use barkeep.v1.MemoryHandle.$Properties instead.
         */
        interface IMemoryHandle extends barkeep.v1.MemoryHandle.$Properties {
        }

        /** Represents a MemoryHandle. */
        class MemoryHandle {

            /**
             * Constructs a new MemoryHandle.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.MemoryHandle.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** MemoryHandle token. */
            token: Uint8Array;

            /** MemoryHandle fdOffset. */
            fdOffset: (number|Long);

            /** MemoryHandle size. */
            size: (number|Long);

            /**
             * Creates a new MemoryHandle instance using the specified properties.
             * @param [properties] Properties to set
             * @returns MemoryHandle instance
             */
            static create(properties: barkeep.v1.MemoryHandle.$Shape): barkeep.v1.MemoryHandle & barkeep.v1.MemoryHandle.$Shape;
            static create(properties?: barkeep.v1.MemoryHandle.$Properties): barkeep.v1.MemoryHandle;

            /**
             * Encodes the specified MemoryHandle message. Does not implicitly {@link barkeep.v1.MemoryHandle.verify|verify} messages.
             * @param m MemoryHandle message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.MemoryHandle.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a MemoryHandle message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.MemoryHandle & barkeep.v1.MemoryHandle.$Shape} MemoryHandle
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.MemoryHandle & barkeep.v1.MemoryHandle.$Shape;
        }

        namespace MemoryHandle {

            /** Properties of a MemoryHandle. */
            interface $Properties {

                /** MemoryHandle token */
                token?: (Uint8Array|null);

                /** MemoryHandle fdOffset */
                fdOffset?: (number|Long|null);

                /** MemoryHandle size */
                size?: (number|Long|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a MemoryHandle. */
            type $Shape = barkeep.v1.MemoryHandle.$Properties;
        }

        /**
         * Properties of a Histogram.
         * @deprecated Use barkeep.v1.Histogram.$Properties instead.
         */
        interface IHistogram extends barkeep.v1.Histogram.$Properties {
        }

        /** Represents a Histogram. */
        class Histogram {

            /**
             * Constructs a new Histogram.
             * @param [p] Properties to set
             */
            constructor(p?: barkeep.v1.Histogram.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Histogram bounds. */
            bounds: number[];

            /** Histogram counts. */
            counts: (number|Long)[];

            /** Histogram sum. */
            sum: number;

            /**
             * Creates a new Histogram instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Histogram instance
             */
            static create(properties: barkeep.v1.Histogram.$Shape): barkeep.v1.Histogram & barkeep.v1.Histogram.$Shape;
            static create(properties?: barkeep.v1.Histogram.$Properties): barkeep.v1.Histogram;

            /**
             * Encodes the specified Histogram message. Does not implicitly {@link barkeep.v1.Histogram.verify|verify} messages.
             * @param m Histogram message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: barkeep.v1.Histogram.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Histogram message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {barkeep.v1.Histogram & barkeep.v1.Histogram.$Shape} Histogram
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): barkeep.v1.Histogram & barkeep.v1.Histogram.$Shape;
        }

        namespace Histogram {

            /** Properties of a Histogram. */
            interface $Properties {

                /** Histogram bounds */
                bounds?: (number[]|null);

                /** Histogram counts */
                counts?: ((number|Long)[]|null);

                /** Histogram sum */
                sum?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Histogram. */
            type $Shape = barkeep.v1.Histogram.$Properties;
        }
    }
}

/** Namespace google. */
export namespace google {

    /** Namespace protobuf. */
    namespace protobuf {

        /**
         * Properties of an Any.
         * @deprecated Use google.protobuf.Any.$Properties instead.
         */
        interface IAny extends google.protobuf.Any.$Properties {
        }

        /** Represents an Any. */
        class Any {

            /**
             * Constructs a new Any.
             * @param [p] Properties to set
             */
            constructor(p?: google.protobuf.Any.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Any type_url. */
            type_url: string;

            /** Any value. */
            value: Uint8Array;

            /**
             * Creates a new Any instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Any instance
             */
            static create(properties: google.protobuf.Any.$Shape): google.protobuf.Any & google.protobuf.Any.$Shape;
            static create(properties?: google.protobuf.Any.$Properties): google.protobuf.Any;

            /**
             * Encodes the specified Any message. Does not implicitly {@link google.protobuf.Any.verify|verify} messages.
             * @param m Any message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: google.protobuf.Any.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an Any message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {google.protobuf.Any & google.protobuf.Any.$Shape} Any
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): google.protobuf.Any & google.protobuf.Any.$Shape;
        }

        namespace Any {

            /** Properties of an Any. */
            interface $Properties {

                /** Any type_url */
                type_url?: (string|null);

                /** Any value */
                value?: (Uint8Array|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an Any. */
            type $Shape = google.protobuf.Any.$Properties;
        }
    }

    /** Namespace rpc. */
    namespace rpc {

        /**
         * Properties of a Status.
         * @deprecated Use google.rpc.Status.$Properties instead.
         */
        interface IStatus extends google.rpc.Status.$Properties {
        }

        /** Represents a Status. */
        class Status {

            /**
             * Constructs a new Status.
             * @param [p] Properties to set
             */
            constructor(p?: google.rpc.Status.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Status code. */
            code: number;

            /** Status message. */
            message: string;

            /** Status details. */
            details: google.protobuf.Any.$Properties[];

            /**
             * Creates a new Status instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Status instance
             */
            static create(properties: google.rpc.Status.$Shape): google.rpc.Status & google.rpc.Status.$Shape;
            static create(properties?: google.rpc.Status.$Properties): google.rpc.Status;

            /**
             * Encodes the specified Status message. Does not implicitly {@link google.rpc.Status.verify|verify} messages.
             * @param m Status message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: google.rpc.Status.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Status message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {google.rpc.Status & google.rpc.Status.$Shape} Status
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): google.rpc.Status & google.rpc.Status.$Shape;
        }

        namespace Status {

            /** Properties of a Status. */
            interface $Properties {

                /** Status code */
                code?: (number|null);

                /** Status message */
                message?: (string|null);

                /** Status details */
                details?: (google.protobuf.Any.$Properties[]|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Status. */
            type $Shape = google.rpc.Status.$Properties;
        }

        /**
         * Properties of an ErrorInfo.
         * @deprecated Use google.rpc.ErrorInfo.$Properties instead.
         */
        interface IErrorInfo extends google.rpc.ErrorInfo.$Properties {
        }

        /** Represents an ErrorInfo. */
        class ErrorInfo {

            /**
             * Constructs a new ErrorInfo.
             * @param [p] Properties to set
             */
            constructor(p?: google.rpc.ErrorInfo.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** ErrorInfo reason. */
            reason: string;

            /** ErrorInfo domain. */
            domain: string;

            /** ErrorInfo metadata. */
            metadata: { [k: string]: string };

            /**
             * Creates a new ErrorInfo instance using the specified properties.
             * @param [properties] Properties to set
             * @returns ErrorInfo instance
             */
            static create(properties: google.rpc.ErrorInfo.$Shape): google.rpc.ErrorInfo & google.rpc.ErrorInfo.$Shape;
            static create(properties?: google.rpc.ErrorInfo.$Properties): google.rpc.ErrorInfo;

            /**
             * Encodes the specified ErrorInfo message. Does not implicitly {@link google.rpc.ErrorInfo.verify|verify} messages.
             * @param m ErrorInfo message or plain object to encode
             * @param [w] Writer to encode to
             * @returns Writer
             */
            static encode(m: google.rpc.ErrorInfo.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an ErrorInfo message from the specified reader or buffer.
             * @param r Reader or buffer to decode from
             * @param [l] Message length if known beforehand
             * @returns {google.rpc.ErrorInfo & google.rpc.ErrorInfo.$Shape} ErrorInfo
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(r: ($protobuf.Reader|Uint8Array), l?: number): google.rpc.ErrorInfo & google.rpc.ErrorInfo.$Shape;
        }

        namespace ErrorInfo {

            /** Properties of an ErrorInfo. */
            interface $Properties {

                /** ErrorInfo reason */
                reason?: (string|null);

                /** ErrorInfo domain */
                domain?: (string|null);

                /** ErrorInfo metadata */
                metadata?: ({ [k: string]: string }|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an ErrorInfo. */
            type $Shape = google.rpc.ErrorInfo.$Properties;
        }
    }
}

/** Namespace grpc. */
export namespace grpc {

    /** Namespace health. */
    namespace health {

        /** Namespace v1. */
        namespace v1 {

            /**
             * Properties of a HealthCheckRequest.
             * @deprecated Use grpc.health.v1.HealthCheckRequest.$Properties instead.
             */
            interface IHealthCheckRequest extends grpc.health.v1.HealthCheckRequest.$Properties {
            }

            /** Represents a HealthCheckRequest. */
            class HealthCheckRequest {

                /**
                 * Constructs a new HealthCheckRequest.
                 * @param [p] Properties to set
                 */
                constructor(p?: grpc.health.v1.HealthCheckRequest.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** HealthCheckRequest service. */
                service: string;

                /**
                 * Creates a new HealthCheckRequest instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns HealthCheckRequest instance
                 */
                static create(properties: grpc.health.v1.HealthCheckRequest.$Shape): grpc.health.v1.HealthCheckRequest & grpc.health.v1.HealthCheckRequest.$Shape;
                static create(properties?: grpc.health.v1.HealthCheckRequest.$Properties): grpc.health.v1.HealthCheckRequest;

                /**
                 * Encodes the specified HealthCheckRequest message. Does not implicitly {@link grpc.health.v1.HealthCheckRequest.verify|verify} messages.
                 * @param m HealthCheckRequest message or plain object to encode
                 * @param [w] Writer to encode to
                 * @returns Writer
                 */
                static encode(m: grpc.health.v1.HealthCheckRequest.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a HealthCheckRequest message from the specified reader or buffer.
                 * @param r Reader or buffer to decode from
                 * @param [l] Message length if known beforehand
                 * @returns {grpc.health.v1.HealthCheckRequest & grpc.health.v1.HealthCheckRequest.$Shape} HealthCheckRequest
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(r: ($protobuf.Reader|Uint8Array), l?: number): grpc.health.v1.HealthCheckRequest & grpc.health.v1.HealthCheckRequest.$Shape;
            }

            namespace HealthCheckRequest {

                /** Properties of a HealthCheckRequest. */
                interface $Properties {

                    /** HealthCheckRequest service */
                    service?: (string|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a HealthCheckRequest. */
                type $Shape = grpc.health.v1.HealthCheckRequest.$Properties;
            }

            /**
             * Properties of a HealthCheckResponse.
             * @deprecated Use grpc.health.v1.HealthCheckResponse.$Properties instead.
             */
            interface IHealthCheckResponse extends grpc.health.v1.HealthCheckResponse.$Properties {
            }

            /** Represents a HealthCheckResponse. */
            class HealthCheckResponse {

                /**
                 * Constructs a new HealthCheckResponse.
                 * @param [p] Properties to set
                 */
                constructor(p?: grpc.health.v1.HealthCheckResponse.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** HealthCheckResponse status. */
                status: grpc.health.v1.HealthCheckResponse.ServingStatus;

                /**
                 * Creates a new HealthCheckResponse instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns HealthCheckResponse instance
                 */
                static create(properties: grpc.health.v1.HealthCheckResponse.$Shape): grpc.health.v1.HealthCheckResponse & grpc.health.v1.HealthCheckResponse.$Shape;
                static create(properties?: grpc.health.v1.HealthCheckResponse.$Properties): grpc.health.v1.HealthCheckResponse;

                /**
                 * Encodes the specified HealthCheckResponse message. Does not implicitly {@link grpc.health.v1.HealthCheckResponse.verify|verify} messages.
                 * @param m HealthCheckResponse message or plain object to encode
                 * @param [w] Writer to encode to
                 * @returns Writer
                 */
                static encode(m: grpc.health.v1.HealthCheckResponse.$Properties, w?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a HealthCheckResponse message from the specified reader or buffer.
                 * @param r Reader or buffer to decode from
                 * @param [l] Message length if known beforehand
                 * @returns {grpc.health.v1.HealthCheckResponse & grpc.health.v1.HealthCheckResponse.$Shape} HealthCheckResponse
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(r: ($protobuf.Reader|Uint8Array), l?: number): grpc.health.v1.HealthCheckResponse & grpc.health.v1.HealthCheckResponse.$Shape;
            }

            namespace HealthCheckResponse {

                /** Properties of a HealthCheckResponse. */
                interface $Properties {

                    /** HealthCheckResponse status */
                    status?: (grpc.health.v1.HealthCheckResponse.ServingStatus|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a HealthCheckResponse. */
                type $Shape = grpc.health.v1.HealthCheckResponse.$Properties;

                /** ServingStatus enum. */
                enum ServingStatus {

                    /** UNKNOWN value */
                    UNKNOWN = 0,

                    /** SERVING value */
                    SERVING = 1,

                    /** NOT_SERVING value */
                    NOT_SERVING = 2,

                    /** SERVICE_UNKNOWN value */
                    SERVICE_UNKNOWN = 3
                }
            }

            /** Represents a Health */
            class Health extends $protobuf.rpc.Service {

                /**
                 * Constructs a new Health service.
                 * @param rpcImpl RPC implementation
                 * @param [requestDelimited=false] Whether requests are length-delimited
                 * @param [responseDelimited=false] Whether responses are length-delimited
                 */
                constructor(rpcImpl: $protobuf.RPCImpl, requestDelimited?: boolean, responseDelimited?: boolean);

                /**
                 * Creates new Health service using the specified rpc implementation.
                 * @param rpcImpl RPC implementation
                 * @param [requestDelimited=false] Whether requests are length-delimited
                 * @param [responseDelimited=false] Whether responses are length-delimited
                 * @returns RPC service. Useful where requests and/or responses are streamed.
                 */
                static create(rpcImpl: $protobuf.RPCImpl, requestDelimited?: boolean, responseDelimited?: boolean): Health;

                /** Calls Check. */
                check: grpc.health.v1.Health.Check;

                /** Calls Watch. */
                watch: grpc.health.v1.Health.Watch;
            }

            namespace Health {

                /**
                 * Callback as used by {@link grpc.health.v1.Health#check}.
                 * @param error Error, if any
                 * @param [response] HealthCheckResponse
                 */
                type CheckCallback = (error: (Error|null), response?: grpc.health.v1.HealthCheckResponse) => void;

                /** Calls Check. */
                type Check = {
                  (request: grpc.health.v1.IHealthCheckRequest, callback: grpc.health.v1.Health.CheckCallback): void;
                  (request: grpc.health.v1.IHealthCheckRequest): Promise<grpc.health.v1.HealthCheckResponse>;
                  readonly name: "Check";
                  readonly path: "/grpc.health.v1.Health/Check";
                  readonly requestType: "HealthCheckRequest";
                  readonly responseType: "HealthCheckResponse";
                  readonly requestStream: undefined;
                  readonly responseStream: undefined;
                };

                /**
                 * Callback as used by {@link grpc.health.v1.Health#watch}.
                 * @param error Error, if any
                 * @param [response] HealthCheckResponse
                 */
                type WatchCallback = (error: (Error|null), response?: grpc.health.v1.HealthCheckResponse) => void;

                /** Calls Watch. */
                type Watch = {
                  (request: grpc.health.v1.IHealthCheckRequest, callback: grpc.health.v1.Health.WatchCallback): void;
                  (request: grpc.health.v1.IHealthCheckRequest): Promise<grpc.health.v1.HealthCheckResponse>;
                  readonly name: "Watch";
                  readonly path: "/grpc.health.v1.Health/Watch";
                  readonly requestType: "HealthCheckRequest";
                  readonly responseType: "HealthCheckResponse";
                  readonly requestStream: undefined;
                  readonly responseStream: true;
                };
            }
        }
    }
}
