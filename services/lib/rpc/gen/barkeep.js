/*eslint-disable block-scoped-var, id-length, no-control-regex, no-magic-numbers, no-mixed-operators, no-prototype-builtins, no-redeclare, no-shadow, no-var, sort-vars, default-case, jsdoc/require-param*/
import $protobuf from "protobufjs/minimal.js";

const $Reader = $protobuf.Reader, $Writer = $protobuf.Writer, $util = $protobuf.util;
const $Object = $util.global.Object, $undefined = $util.global.undefined, $Error = $util.global.Error, $RangeError = $util.global.RangeError;

const $root = $protobuf.roots["default"] || ($protobuf.roots["default"] = {});

export const barkeep = $root.barkeep = (() => {

    const barkeep = {};

    barkeep.v1 = (function() {

        const v1 = {};

        v1.AdminService = (function() {

            const AdminService = function(rpcImpl, requestDelimited, responseDelimited) {
                $protobuf.rpc.Service.call(this, rpcImpl, requestDelimited, responseDelimited);
            };

            $Object.defineProperty(AdminService.prototype = $Object.create($protobuf.rpc.Service.prototype), "constructor", { value: AdminService, writable: true, enumerable: false, configurable: true });

            AdminService.create = function(rpcImpl, requestDelimited, responseDelimited) {
                return new this(rpcImpl, requestDelimited, responseDelimited);
            };



            $Object.defineProperties(AdminService.prototype.listVms = function(request, callback) {
                return $protobuf.rpc.Service.prototype.rpcCall.call(this, AdminService.prototype.listVms, $root.barkeep.v1.ListVmsRequest, $root.barkeep.v1.ListVmsResponse, request, callback);
            }, {
                name: { value: "ListVms" },
                path: { value: "/barkeep.v1.AdminService/ListVms" },
                requestType: { value: "ListVmsRequest" },
                responseType: { value: "ListVmsResponse" },
                requestStream: { value: $undefined },
                responseStream: { value: $undefined }
            });



            $Object.defineProperties(AdminService.prototype.getVm = function(request, callback) {
                return $protobuf.rpc.Service.prototype.rpcCall.call(this, AdminService.prototype.getVm, $root.barkeep.v1.GetVmRequest, $root.barkeep.v1.GetVmResponse, request, callback);
            }, {
                name: { value: "GetVm" },
                path: { value: "/barkeep.v1.AdminService/GetVm" },
                requestType: { value: "GetVmRequest" },
                responseType: { value: "GetVmResponse" },
                requestStream: { value: $undefined },
                responseStream: { value: $undefined }
            });



            $Object.defineProperties(AdminService.prototype.listAllocations = function(request, callback) {
                return $protobuf.rpc.Service.prototype.rpcCall.call(this, AdminService.prototype.listAllocations, $root.barkeep.v1.ListAllocationsRequest, $root.barkeep.v1.ListAllocationsResponse, request, callback);
            }, {
                name: { value: "ListAllocations" },
                path: { value: "/barkeep.v1.AdminService/ListAllocations" },
                requestType: { value: "ListAllocationsRequest" },
                responseType: { value: "ListAllocationsResponse" },
                requestStream: { value: $undefined },
                responseStream: { value: $undefined }
            });



            $Object.defineProperties(AdminService.prototype.getAllocation = function(request, callback) {
                return $protobuf.rpc.Service.prototype.rpcCall.call(this, AdminService.prototype.getAllocation, $root.barkeep.v1.GetAllocationRequest, $root.barkeep.v1.GetAllocationResponse, request, callback);
            }, {
                name: { value: "GetAllocation" },
                path: { value: "/barkeep.v1.AdminService/GetAllocation" },
                requestType: { value: "GetAllocationRequest" },
                responseType: { value: "GetAllocationResponse" },
                requestStream: { value: $undefined },
                responseStream: { value: $undefined }
            });



            $Object.defineProperties(AdminService.prototype.listMappings = function(request, callback) {
                return $protobuf.rpc.Service.prototype.rpcCall.call(this, AdminService.prototype.listMappings, $root.barkeep.v1.ListMappingsRequest, $root.barkeep.v1.ListMappingsResponse, request, callback);
            }, {
                name: { value: "ListMappings" },
                path: { value: "/barkeep.v1.AdminService/ListMappings" },
                requestType: { value: "ListMappingsRequest" },
                responseType: { value: "ListMappingsResponse" },
                requestStream: { value: $undefined },
                responseStream: { value: $undefined }
            });



            $Object.defineProperties(AdminService.prototype.getMapping = function(request, callback) {
                return $protobuf.rpc.Service.prototype.rpcCall.call(this, AdminService.prototype.getMapping, $root.barkeep.v1.GetMappingRequest, $root.barkeep.v1.GetMappingResponse, request, callback);
            }, {
                name: { value: "GetMapping" },
                path: { value: "/barkeep.v1.AdminService/GetMapping" },
                requestType: { value: "GetMappingRequest" },
                responseType: { value: "GetMappingResponse" },
                requestStream: { value: $undefined },
                responseStream: { value: $undefined }
            });



            $Object.defineProperties(AdminService.prototype.listWindows = function(request, callback) {
                return $protobuf.rpc.Service.prototype.rpcCall.call(this, AdminService.prototype.listWindows, $root.barkeep.v1.ListWindowsRequest, $root.barkeep.v1.ListWindowsResponse, request, callback);
            }, {
                name: { value: "ListWindows" },
                path: { value: "/barkeep.v1.AdminService/ListWindows" },
                requestType: { value: "ListWindowsRequest" },
                responseType: { value: "ListWindowsResponse" },
                requestStream: { value: $undefined },
                responseStream: { value: $undefined }
            });



            $Object.defineProperties(AdminService.prototype.getWindow = function(request, callback) {
                return $protobuf.rpc.Service.prototype.rpcCall.call(this, AdminService.prototype.getWindow, $root.barkeep.v1.GetWindowRequest, $root.barkeep.v1.GetWindowResponse, request, callback);
            }, {
                name: { value: "GetWindow" },
                path: { value: "/barkeep.v1.AdminService/GetWindow" },
                requestType: { value: "GetWindowRequest" },
                responseType: { value: "GetWindowResponse" },
                requestStream: { value: $undefined },
                responseStream: { value: $undefined }
            });



            $Object.defineProperties(AdminService.prototype.listHeaps = function(request, callback) {
                return $protobuf.rpc.Service.prototype.rpcCall.call(this, AdminService.prototype.listHeaps, $root.barkeep.v1.ListHeapsRequest, $root.barkeep.v1.ListHeapsResponse, request, callback);
            }, {
                name: { value: "ListHeaps" },
                path: { value: "/barkeep.v1.AdminService/ListHeaps" },
                requestType: { value: "ListHeapsRequest" },
                responseType: { value: "ListHeapsResponse" },
                requestStream: { value: $undefined },
                responseStream: { value: $undefined }
            });



            $Object.defineProperties(AdminService.prototype.getHeap = function(request, callback) {
                return $protobuf.rpc.Service.prototype.rpcCall.call(this, AdminService.prototype.getHeap, $root.barkeep.v1.GetHeapRequest, $root.barkeep.v1.GetHeapResponse, request, callback);
            }, {
                name: { value: "GetHeap" },
                path: { value: "/barkeep.v1.AdminService/GetHeap" },
                requestType: { value: "GetHeapRequest" },
                responseType: { value: "GetHeapResponse" },
                requestStream: { value: $undefined },
                responseStream: { value: $undefined }
            });



            $Object.defineProperties(AdminService.prototype.openBlob = function(request, callback) {
                return $protobuf.rpc.Service.prototype.rpcCall.call(this, AdminService.prototype.openBlob, $root.barkeep.v1.OpenBlobRequest, $root.barkeep.v1.OpenBlobResponse, request, callback);
            }, {
                name: { value: "OpenBlob" },
                path: { value: "/barkeep.v1.AdminService/OpenBlob" },
                requestType: { value: "OpenBlobRequest" },
                responseType: { value: "OpenBlobResponse" },
                requestStream: { value: $undefined },
                responseStream: { value: $undefined }
            });



            $Object.defineProperties(AdminService.prototype.watchEvents = function(request, callback) {
                return $protobuf.rpc.Service.prototype.rpcCall.call(this, AdminService.prototype.watchEvents, $root.barkeep.v1.WatchEventsRequest, $root.barkeep.v1.WatchEventsResponse, request, callback);
            }, {
                name: { value: "WatchEvents" },
                path: { value: "/barkeep.v1.AdminService/WatchEvents" },
                requestType: { value: "WatchEventsRequest" },
                responseType: { value: "WatchEventsResponse" },
                requestStream: { value: $undefined },
                responseStream: { value: true }
            });



            $Object.defineProperties(AdminService.prototype.evictVm = function(request, callback) {
                return $protobuf.rpc.Service.prototype.rpcCall.call(this, AdminService.prototype.evictVm, $root.barkeep.v1.EvictVmRequest, $root.barkeep.v1.EvictVmResponse, request, callback);
            }, {
                name: { value: "EvictVm" },
                path: { value: "/barkeep.v1.AdminService/EvictVm" },
                requestType: { value: "EvictVmRequest" },
                responseType: { value: "EvictVmResponse" },
                requestStream: { value: $undefined },
                responseStream: { value: $undefined }
            });



            $Object.defineProperties(AdminService.prototype.getConfiguration = function(request, callback) {
                return $protobuf.rpc.Service.prototype.rpcCall.call(this, AdminService.prototype.getConfiguration, $root.barkeep.v1.GetConfigurationRequest, $root.barkeep.v1.GetConfigurationResponse, request, callback);
            }, {
                name: { value: "GetConfiguration" },
                path: { value: "/barkeep.v1.AdminService/GetConfiguration" },
                requestType: { value: "GetConfigurationRequest" },
                responseType: { value: "GetConfigurationResponse" },
                requestStream: { value: $undefined },
                responseStream: { value: $undefined }
            });



            $Object.defineProperties(AdminService.prototype.getStatistics = function(request, callback) {
                return $protobuf.rpc.Service.prototype.rpcCall.call(this, AdminService.prototype.getStatistics, $root.barkeep.v1.GetStatisticsRequest, $root.barkeep.v1.GetStatisticsResponse, request, callback);
            }, {
                name: { value: "GetStatistics" },
                path: { value: "/barkeep.v1.AdminService/GetStatistics" },
                requestType: { value: "GetStatisticsRequest" },
                responseType: { value: "GetStatisticsResponse" },
                requestStream: { value: $undefined },
                responseStream: { value: $undefined }
            });

            return AdminService;
        })();

        v1.VmState = (function() {
            const valuesById = $Object.create(null), values = $Object.create(valuesById);
            values[valuesById[0] = "VM_STATE_UNSPECIFIED"] = 0;
            values[valuesById[1] = "VM_STATE_DETACHED"] = 1;
            values[valuesById[2] = "VM_STATE_ATTACHED"] = 2;
            values[valuesById[3] = "VM_STATE_ORPHANED"] = 3;
            values[valuesById[4] = "VM_STATE_SUSPENDED"] = 4;
            return values;
        })();

        v1.Quota = (function() {

            const Quota = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            Quota.prototype.bytes = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Quota.prototype.mappings = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Quota.prototype.allocations = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            Quota.create = function(properties) {
                return new Quota(properties);
            };

            Quota.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.bytes != null && $Object.hasOwnProperty.call(m, "bytes") && (typeof m.bytes === "object" ? m.bytes.low || m.bytes.high : m.bytes !== 0))
                    w.uint32(8).uint64(m.bytes);
                if (m.mappings != null && $Object.hasOwnProperty.call(m, "mappings") && (typeof m.mappings === "object" ? m.mappings.low || m.mappings.high : m.mappings !== 0))
                    w.uint32(16).uint64(m.mappings);
                if (m.allocations != null && $Object.hasOwnProperty.call(m, "allocations") && (typeof m.allocations === "object" ? m.allocations.low || m.allocations.high : m.allocations !== 0))
                    w.uint32(24).uint64(m.allocations);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            Quota.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.Quota();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.bytes = v;
                            else
                                delete m.bytes;
                            continue;
                        }
                    case 2: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.mappings = v;
                            else
                                delete m.mappings;
                            continue;
                        }
                    case 3: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.allocations = v;
                            else
                                delete m.allocations;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return Quota;
        })();

        v1.Vm = (function() {

            const Vm = function (p) {
                this.blobHeaps = [];
                this.pending = [];
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            Vm.prototype.name = "";
            Vm.prototype.state = 0;
            Vm.prototype.placement = 0;
            Vm.prototype.windowSize = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Vm.prototype.defaultHeap = "";
            Vm.prototype.quota = null;
            Vm.prototype.generation = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Vm.prototype.allocations = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Vm.prototype.allocatedBytes = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Vm.prototype.mappings = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Vm.prototype.mappedBytes = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Vm.prototype.frontendPid = 0;
            Vm.prototype.stateSince = 0;
            Vm.prototype.graceLeft = 0;
            Vm.prototype.vmm = null;
            Vm.prototype.blobHeaps = $util.emptyArray;
            Vm.prototype.attachedBy = "";
            Vm.prototype.pending = $util.emptyArray;
            Vm.prototype.scanouts = 0;
            Vm.prototype.decides = false;
            Vm.prototype.grant = null;
            Vm.prototype.accountsVersion = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Vm.prototype.untoldBlobs = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Vm.prototype.strayBytes = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Vm.prototype.suspension = "";
            Vm.prototype.outOfRoom = "";
            Vm.prototype.beyondGrantBytes = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Vm.prototype.frontendVms = 0;

            Vm.create = function(properties) {
                return new Vm(properties);
            };

            Vm.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.name != null && $Object.hasOwnProperty.call(m, "name") && m.name !== "")
                    w.uint32(10).string(m.name);
                if (m.state != null && $Object.hasOwnProperty.call(m, "state") && m.state !== 0)
                    w.uint32(16).int32(m.state);
                if (m.placement != null && $Object.hasOwnProperty.call(m, "placement") && m.placement !== 0)
                    w.uint32(24).int32(m.placement);
                if (m.windowSize != null && $Object.hasOwnProperty.call(m, "windowSize") && (typeof m.windowSize === "object" ? m.windowSize.low || m.windowSize.high : m.windowSize !== 0))
                    w.uint32(32).uint64(m.windowSize);
                if (m.defaultHeap != null && $Object.hasOwnProperty.call(m, "defaultHeap") && m.defaultHeap !== "")
                    w.uint32(42).string(m.defaultHeap);
                if (m.quota != null && $Object.hasOwnProperty.call(m, "quota"))
                    $root.barkeep.v1.Quota.encode(m.quota, w.uint32(50).fork(), q + 1).ldelim();
                if (m.generation != null && $Object.hasOwnProperty.call(m, "generation") && (typeof m.generation === "object" ? m.generation.low || m.generation.high : m.generation !== 0))
                    w.uint32(56).uint64(m.generation);
                if (m.allocations != null && $Object.hasOwnProperty.call(m, "allocations") && (typeof m.allocations === "object" ? m.allocations.low || m.allocations.high : m.allocations !== 0))
                    w.uint32(64).uint64(m.allocations);
                if (m.allocatedBytes != null && $Object.hasOwnProperty.call(m, "allocatedBytes") && (typeof m.allocatedBytes === "object" ? m.allocatedBytes.low || m.allocatedBytes.high : m.allocatedBytes !== 0))
                    w.uint32(72).uint64(m.allocatedBytes);
                if (m.mappings != null && $Object.hasOwnProperty.call(m, "mappings") && (typeof m.mappings === "object" ? m.mappings.low || m.mappings.high : m.mappings !== 0))
                    w.uint32(80).uint64(m.mappings);
                if (m.mappedBytes != null && $Object.hasOwnProperty.call(m, "mappedBytes") && (typeof m.mappedBytes === "object" ? m.mappedBytes.low || m.mappedBytes.high : m.mappedBytes !== 0))
                    w.uint32(88).uint64(m.mappedBytes);
                if (m.frontendPid != null && $Object.hasOwnProperty.call(m, "frontendPid") && m.frontendPid !== 0)
                    w.uint32(96).uint32(m.frontendPid);
                if (m.stateSince != null && $Object.hasOwnProperty.call(m, "stateSince") && !$Object.is(m.stateSince, 0))
                    w.uint32(105).double(m.stateSince);
                if (m.graceLeft != null && $Object.hasOwnProperty.call(m, "graceLeft") && !$Object.is(m.graceLeft, 0))
                    w.uint32(113).double(m.graceLeft);
                if (m.vmm != null && $Object.hasOwnProperty.call(m, "vmm"))
                    $root.barkeep.v1.VmmStatus.encode(m.vmm, w.uint32(122).fork(), q + 1).ldelim();
                if (m.blobHeaps != null && m.blobHeaps.length) {
                    for (var i = 0; i < m.blobHeaps.length; ++i)
                        $root.barkeep.v1.BlobHeap.encode(m.blobHeaps[i], w.uint32(130).fork(), q + 1).ldelim();
                }
                if (m.attachedBy != null && $Object.hasOwnProperty.call(m, "attachedBy") && m.attachedBy !== "")
                    w.uint32(138).string(m.attachedBy);
                if (m.pending != null && m.pending.length) {
                    for (var i = 0; i < m.pending.length; ++i)
                        $root.barkeep.v1.PendingChange.encode(m.pending[i], w.uint32(146).fork(), q + 1).ldelim();
                }
                if (m.scanouts != null && $Object.hasOwnProperty.call(m, "scanouts") && m.scanouts !== 0)
                    w.uint32(152).uint32(m.scanouts);
                if (m.decides != null && $Object.hasOwnProperty.call(m, "decides") && m.decides !== false)
                    w.uint32(160).bool(m.decides);
                if (m.grant != null && $Object.hasOwnProperty.call(m, "grant"))
                    $root.barkeep.v1.VmGrant.encode(m.grant, w.uint32(170).fork(), q + 1).ldelim();
                if (m.accountsVersion != null && $Object.hasOwnProperty.call(m, "accountsVersion") && (typeof m.accountsVersion === "object" ? m.accountsVersion.low || m.accountsVersion.high : m.accountsVersion !== 0))
                    w.uint32(176).uint64(m.accountsVersion);
                if (m.untoldBlobs != null && $Object.hasOwnProperty.call(m, "untoldBlobs") && (typeof m.untoldBlobs === "object" ? m.untoldBlobs.low || m.untoldBlobs.high : m.untoldBlobs !== 0))
                    w.uint32(184).uint64(m.untoldBlobs);
                if (m.strayBytes != null && $Object.hasOwnProperty.call(m, "strayBytes") && (typeof m.strayBytes === "object" ? m.strayBytes.low || m.strayBytes.high : m.strayBytes !== 0))
                    w.uint32(192).uint64(m.strayBytes);
                if (m.suspension != null && $Object.hasOwnProperty.call(m, "suspension") && m.suspension !== "")
                    w.uint32(202).string(m.suspension);
                if (m.outOfRoom != null && $Object.hasOwnProperty.call(m, "outOfRoom") && m.outOfRoom !== "")
                    w.uint32(210).string(m.outOfRoom);
                if (m.beyondGrantBytes != null && $Object.hasOwnProperty.call(m, "beyondGrantBytes") && (typeof m.beyondGrantBytes === "object" ? m.beyondGrantBytes.low || m.beyondGrantBytes.high : m.beyondGrantBytes !== 0))
                    w.uint32(216).uint64(m.beyondGrantBytes);
                if (m.frontendVms != null && $Object.hasOwnProperty.call(m, "frontendVms") && m.frontendVms !== 0)
                    w.uint32(224).uint32(m.frontendVms);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            Vm.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.Vm();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.name = v;
                            else
                                delete m.name;
                            continue;
                        }
                    case 2: {
                            if (u !== 0)
                                break;
                            if (v = r.int32())
                                m.state = v;
                            else
                                delete m.state;
                            continue;
                        }
                    case 3: {
                            if (u !== 0)
                                break;
                            if (v = r.int32())
                                m.placement = v;
                            else
                                delete m.placement;
                            continue;
                        }
                    case 4: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.windowSize = v;
                            else
                                delete m.windowSize;
                            continue;
                        }
                    case 5: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.defaultHeap = v;
                            else
                                delete m.defaultHeap;
                            continue;
                        }
                    case 6: {
                            if (u !== 2)
                                break;
                            m.quota = $root.barkeep.v1.Quota.decode(r, r.size(), $undefined, q + 1, m.quota);
                            continue;
                        }
                    case 7: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.generation = v;
                            else
                                delete m.generation;
                            continue;
                        }
                    case 8: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.allocations = v;
                            else
                                delete m.allocations;
                            continue;
                        }
                    case 9: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.allocatedBytes = v;
                            else
                                delete m.allocatedBytes;
                            continue;
                        }
                    case 10: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.mappings = v;
                            else
                                delete m.mappings;
                            continue;
                        }
                    case 11: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.mappedBytes = v;
                            else
                                delete m.mappedBytes;
                            continue;
                        }
                    case 12: {
                            if (u !== 0)
                                break;
                            if (v = r.uint32())
                                m.frontendPid = v;
                            else
                                delete m.frontendPid;
                            continue;
                        }
                    case 13: {
                            if (u !== 1)
                                break;
                            if (!$Object.is(v = r.double(), 0))
                                m.stateSince = v;
                            else
                                delete m.stateSince;
                            continue;
                        }
                    case 14: {
                            if (u !== 1)
                                break;
                            if (!$Object.is(v = r.double(), 0))
                                m.graceLeft = v;
                            else
                                delete m.graceLeft;
                            continue;
                        }
                    case 15: {
                            if (u !== 2)
                                break;
                            m.vmm = $root.barkeep.v1.VmmStatus.decode(r, r.size(), $undefined, q + 1, m.vmm);
                            continue;
                        }
                    case 16: {
                            if (u !== 2)
                                break;
                            if (!(m.blobHeaps && m.blobHeaps.length))
                                m.blobHeaps = [];
                            m.blobHeaps.push($root.barkeep.v1.BlobHeap.decode(r, r.size(), $undefined, q + 1));
                            continue;
                        }
                    case 17: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.attachedBy = v;
                            else
                                delete m.attachedBy;
                            continue;
                        }
                    case 18: {
                            if (u !== 2)
                                break;
                            if (!(m.pending && m.pending.length))
                                m.pending = [];
                            m.pending.push($root.barkeep.v1.PendingChange.decode(r, r.size(), $undefined, q + 1));
                            continue;
                        }
                    case 19: {
                            if (u !== 0)
                                break;
                            if (v = r.uint32())
                                m.scanouts = v;
                            else
                                delete m.scanouts;
                            continue;
                        }
                    case 20: {
                            if (u !== 0)
                                break;
                            if (v = r.bool())
                                m.decides = v;
                            else
                                delete m.decides;
                            continue;
                        }
                    case 21: {
                            if (u !== 2)
                                break;
                            m.grant = $root.barkeep.v1.VmGrant.decode(r, r.size(), $undefined, q + 1, m.grant);
                            continue;
                        }
                    case 22: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.accountsVersion = v;
                            else
                                delete m.accountsVersion;
                            continue;
                        }
                    case 23: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.untoldBlobs = v;
                            else
                                delete m.untoldBlobs;
                            continue;
                        }
                    case 24: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.strayBytes = v;
                            else
                                delete m.strayBytes;
                            continue;
                        }
                    case 25: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.suspension = v;
                            else
                                delete m.suspension;
                            continue;
                        }
                    case 26: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.outOfRoom = v;
                            else
                                delete m.outOfRoom;
                            continue;
                        }
                    case 27: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.beyondGrantBytes = v;
                            else
                                delete m.beyondGrantBytes;
                            continue;
                        }
                    case 28: {
                            if (u !== 0)
                                break;
                            if (v = r.uint32())
                                m.frontendVms = v;
                            else
                                delete m.frontendVms;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return Vm;
        })();

        v1.VmGrant = (function() {

            const VmGrant = function (p) {
                this.heaps = [];
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            VmGrant.prototype.heaps = $util.emptyArray;
            VmGrant.prototype.mappings = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            VmGrant.prototype.allocations = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            VmGrant.create = function(properties) {
                return new VmGrant(properties);
            };

            VmGrant.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.heaps != null && m.heaps.length) {
                    for (var i = 0; i < m.heaps.length; ++i)
                        $root.barkeep.v1.HeapGrant.encode(m.heaps[i], w.uint32(10).fork(), q + 1).ldelim();
                }
                if (m.mappings != null && $Object.hasOwnProperty.call(m, "mappings") && (typeof m.mappings === "object" ? m.mappings.low || m.mappings.high : m.mappings !== 0))
                    w.uint32(16).uint64(m.mappings);
                if (m.allocations != null && $Object.hasOwnProperty.call(m, "allocations") && (typeof m.allocations === "object" ? m.allocations.low || m.allocations.high : m.allocations !== 0))
                    w.uint32(24).uint64(m.allocations);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            VmGrant.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.VmGrant();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if (!(m.heaps && m.heaps.length))
                                m.heaps = [];
                            m.heaps.push($root.barkeep.v1.HeapGrant.decode(r, r.size(), $undefined, q + 1));
                            continue;
                        }
                    case 2: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.mappings = v;
                            else
                                delete m.mappings;
                            continue;
                        }
                    case 3: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.allocations = v;
                            else
                                delete m.allocations;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return VmGrant;
        })();

        v1.HeapGrant = (function() {

            const HeapGrant = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            HeapGrant.prototype.heap = "";
            HeapGrant.prototype.bytes = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            HeapGrant.prototype.idle = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            HeapGrant.create = function(properties) {
                return new HeapGrant(properties);
            };

            HeapGrant.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.heap != null && $Object.hasOwnProperty.call(m, "heap") && m.heap !== "")
                    w.uint32(10).string(m.heap);
                if (m.bytes != null && $Object.hasOwnProperty.call(m, "bytes") && (typeof m.bytes === "object" ? m.bytes.low || m.bytes.high : m.bytes !== 0))
                    w.uint32(16).uint64(m.bytes);
                if (m.idle != null && $Object.hasOwnProperty.call(m, "idle") && (typeof m.idle === "object" ? m.idle.low || m.idle.high : m.idle !== 0))
                    w.uint32(24).uint64(m.idle);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            HeapGrant.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.HeapGrant();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.heap = v;
                            else
                                delete m.heap;
                            continue;
                        }
                    case 2: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.bytes = v;
                            else
                                delete m.bytes;
                            continue;
                        }
                    case 3: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.idle = v;
                            else
                                delete m.idle;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return HeapGrant;
        })();

        v1.BlobHeap = (function() {

            const BlobHeap = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            BlobHeap.prototype.blobId = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            BlobHeap.prototype.heap = "";

            BlobHeap.create = function(properties) {
                return new BlobHeap(properties);
            };

            BlobHeap.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.blobId != null && $Object.hasOwnProperty.call(m, "blobId") && (typeof m.blobId === "object" ? m.blobId.low || m.blobId.high : m.blobId !== 0))
                    w.uint32(8).uint64(m.blobId);
                if (m.heap != null && $Object.hasOwnProperty.call(m, "heap") && m.heap !== "")
                    w.uint32(18).string(m.heap);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            BlobHeap.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.BlobHeap();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.blobId = v;
                            else
                                delete m.blobId;
                            continue;
                        }
                    case 2: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.heap = v;
                            else
                                delete m.heap;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return BlobHeap;
        })();

        v1.PendingChange = (function() {

            const PendingChange = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            PendingChange.prototype.setting = "";
            PendingChange.prototype.now = "";
            PendingChange.prototype.next = "";

            PendingChange.create = function(properties) {
                return new PendingChange(properties);
            };

            PendingChange.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.setting != null && $Object.hasOwnProperty.call(m, "setting") && m.setting !== "")
                    w.uint32(10).string(m.setting);
                if (m.now != null && $Object.hasOwnProperty.call(m, "now") && m.now !== "")
                    w.uint32(18).string(m.now);
                if (m.next != null && $Object.hasOwnProperty.call(m, "next") && m.next !== "")
                    w.uint32(26).string(m.next);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            PendingChange.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.PendingChange();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.setting = v;
                            else
                                delete m.setting;
                            continue;
                        }
                    case 2: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.now = v;
                            else
                                delete m.now;
                            continue;
                        }
                    case 3: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.next = v;
                            else
                                delete m.next;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return PendingChange;
        })();

        v1.EvictVmRequest = (function() {

            const EvictVmRequest = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            EvictVmRequest.prototype.vm = "";
            EvictVmRequest.prototype.force = false;

            EvictVmRequest.create = function(properties) {
                return new EvictVmRequest(properties);
            };

            EvictVmRequest.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.vm != null && $Object.hasOwnProperty.call(m, "vm") && m.vm !== "")
                    w.uint32(10).string(m.vm);
                if (m.force != null && $Object.hasOwnProperty.call(m, "force") && m.force !== false)
                    w.uint32(16).bool(m.force);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            EvictVmRequest.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.EvictVmRequest();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.vm = v;
                            else
                                delete m.vm;
                            continue;
                        }
                    case 2: {
                            if (u !== 0)
                                break;
                            if (v = r.bool())
                                m.force = v;
                            else
                                delete m.force;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return EvictVmRequest;
        })();

        v1.EvictVmResponse = (function() {

            const EvictVmResponse = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            EvictVmResponse.prototype.evicted = false;
            EvictVmResponse.prototype.awaitedPid = 0;

            EvictVmResponse.create = function(properties) {
                return new EvictVmResponse(properties);
            };

            EvictVmResponse.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.evicted != null && $Object.hasOwnProperty.call(m, "evicted") && m.evicted !== false)
                    w.uint32(8).bool(m.evicted);
                if (m.awaitedPid != null && $Object.hasOwnProperty.call(m, "awaitedPid") && m.awaitedPid !== 0)
                    w.uint32(16).uint32(m.awaitedPid);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            EvictVmResponse.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.EvictVmResponse();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 0)
                                break;
                            if (v = r.bool())
                                m.evicted = v;
                            else
                                delete m.evicted;
                            continue;
                        }
                    case 2: {
                            if (u !== 0)
                                break;
                            if (v = r.uint32())
                                m.awaitedPid = v;
                            else
                                delete m.awaitedPid;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return EvictVmResponse;
        })();

        v1.Allocation = (function() {

            const Allocation = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            Allocation.prototype.vm = "";
            Allocation.prototype.contextId = 0;
            Allocation.prototype.blobId = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Allocation.prototype.resourceId = 0;
            Allocation.prototype.heap = "";
            Allocation.prototype.cache = 0;
            Allocation.prototype.size = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Allocation.prototype.chargedBytes = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Allocation.prototype.mapped = false;

            Allocation.create = function(properties) {
                return new Allocation(properties);
            };

            Allocation.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.vm != null && $Object.hasOwnProperty.call(m, "vm") && m.vm !== "")
                    w.uint32(10).string(m.vm);
                if (m.contextId != null && $Object.hasOwnProperty.call(m, "contextId") && m.contextId !== 0)
                    w.uint32(16).uint32(m.contextId);
                if (m.blobId != null && $Object.hasOwnProperty.call(m, "blobId") && (typeof m.blobId === "object" ? m.blobId.low || m.blobId.high : m.blobId !== 0))
                    w.uint32(24).uint64(m.blobId);
                if (m.resourceId != null && $Object.hasOwnProperty.call(m, "resourceId") && m.resourceId !== 0)
                    w.uint32(32).uint32(m.resourceId);
                if (m.heap != null && $Object.hasOwnProperty.call(m, "heap") && m.heap !== "")
                    w.uint32(42).string(m.heap);
                if (m.cache != null && $Object.hasOwnProperty.call(m, "cache") && m.cache !== 0)
                    w.uint32(48).int32(m.cache);
                if (m.size != null && $Object.hasOwnProperty.call(m, "size") && (typeof m.size === "object" ? m.size.low || m.size.high : m.size !== 0))
                    w.uint32(56).uint64(m.size);
                if (m.chargedBytes != null && $Object.hasOwnProperty.call(m, "chargedBytes") && (typeof m.chargedBytes === "object" ? m.chargedBytes.low || m.chargedBytes.high : m.chargedBytes !== 0))
                    w.uint32(64).uint64(m.chargedBytes);
                if (m.mapped != null && $Object.hasOwnProperty.call(m, "mapped") && m.mapped !== false)
                    w.uint32(72).bool(m.mapped);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            Allocation.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.Allocation();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.vm = v;
                            else
                                delete m.vm;
                            continue;
                        }
                    case 2: {
                            if (u !== 0)
                                break;
                            if (v = r.uint32())
                                m.contextId = v;
                            else
                                delete m.contextId;
                            continue;
                        }
                    case 3: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.blobId = v;
                            else
                                delete m.blobId;
                            continue;
                        }
                    case 4: {
                            if (u !== 0)
                                break;
                            if (v = r.uint32())
                                m.resourceId = v;
                            else
                                delete m.resourceId;
                            continue;
                        }
                    case 5: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.heap = v;
                            else
                                delete m.heap;
                            continue;
                        }
                    case 6: {
                            if (u !== 0)
                                break;
                            if (v = r.int32())
                                m.cache = v;
                            else
                                delete m.cache;
                            continue;
                        }
                    case 7: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.size = v;
                            else
                                delete m.size;
                            continue;
                        }
                    case 8: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.chargedBytes = v;
                            else
                                delete m.chargedBytes;
                            continue;
                        }
                    case 9: {
                            if (u !== 0)
                                break;
                            if (v = r.bool())
                                m.mapped = v;
                            else
                                delete m.mapped;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return Allocation;
        })();

        v1.Mapping = (function() {

            const Mapping = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            Mapping.prototype.vm = "";
            Mapping.prototype.resourceId = 0;
            Mapping.prototype.offset = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Mapping.prototype.size = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Mapping.prototype.cache = 0;
            Mapping.prototype.heap = "";

            Mapping.create = function(properties) {
                return new Mapping(properties);
            };

            Mapping.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.vm != null && $Object.hasOwnProperty.call(m, "vm") && m.vm !== "")
                    w.uint32(10).string(m.vm);
                if (m.resourceId != null && $Object.hasOwnProperty.call(m, "resourceId") && m.resourceId !== 0)
                    w.uint32(16).uint32(m.resourceId);
                if (m.offset != null && $Object.hasOwnProperty.call(m, "offset") && (typeof m.offset === "object" ? m.offset.low || m.offset.high : m.offset !== 0))
                    w.uint32(24).uint64(m.offset);
                if (m.size != null && $Object.hasOwnProperty.call(m, "size") && (typeof m.size === "object" ? m.size.low || m.size.high : m.size !== 0))
                    w.uint32(32).uint64(m.size);
                if (m.cache != null && $Object.hasOwnProperty.call(m, "cache") && m.cache !== 0)
                    w.uint32(40).int32(m.cache);
                if (m.heap != null && $Object.hasOwnProperty.call(m, "heap") && m.heap !== "")
                    w.uint32(50).string(m.heap);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            Mapping.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.Mapping();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.vm = v;
                            else
                                delete m.vm;
                            continue;
                        }
                    case 2: {
                            if (u !== 0)
                                break;
                            if (v = r.uint32())
                                m.resourceId = v;
                            else
                                delete m.resourceId;
                            continue;
                        }
                    case 3: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.offset = v;
                            else
                                delete m.offset;
                            continue;
                        }
                    case 4: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.size = v;
                            else
                                delete m.size;
                            continue;
                        }
                    case 5: {
                            if (u !== 0)
                                break;
                            if (v = r.int32())
                                m.cache = v;
                            else
                                delete m.cache;
                            continue;
                        }
                    case 6: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.heap = v;
                            else
                                delete m.heap;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return Mapping;
        })();

        v1.Window = (function() {

            const Window = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            Window.prototype.vm = "";
            Window.prototype.size = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Window.prototype.placement = 0;
            Window.prototype.mappedBytes = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Window.prototype.freeBytes = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Window.prototype.largestFreeExtent = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Window.prototype.holes = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Window.prototype.mappings = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Window.prototype.parkedBytes = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Window.prototype.strayBytes = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            Window.create = function(properties) {
                return new Window(properties);
            };

            Window.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.vm != null && $Object.hasOwnProperty.call(m, "vm") && m.vm !== "")
                    w.uint32(10).string(m.vm);
                if (m.size != null && $Object.hasOwnProperty.call(m, "size") && (typeof m.size === "object" ? m.size.low || m.size.high : m.size !== 0))
                    w.uint32(16).uint64(m.size);
                if (m.placement != null && $Object.hasOwnProperty.call(m, "placement") && m.placement !== 0)
                    w.uint32(24).int32(m.placement);
                if (m.mappedBytes != null && $Object.hasOwnProperty.call(m, "mappedBytes") && (typeof m.mappedBytes === "object" ? m.mappedBytes.low || m.mappedBytes.high : m.mappedBytes !== 0))
                    w.uint32(32).uint64(m.mappedBytes);
                if (m.freeBytes != null && $Object.hasOwnProperty.call(m, "freeBytes") && (typeof m.freeBytes === "object" ? m.freeBytes.low || m.freeBytes.high : m.freeBytes !== 0))
                    w.uint32(40).uint64(m.freeBytes);
                if (m.largestFreeExtent != null && $Object.hasOwnProperty.call(m, "largestFreeExtent") && (typeof m.largestFreeExtent === "object" ? m.largestFreeExtent.low || m.largestFreeExtent.high : m.largestFreeExtent !== 0))
                    w.uint32(48).uint64(m.largestFreeExtent);
                if (m.holes != null && $Object.hasOwnProperty.call(m, "holes") && (typeof m.holes === "object" ? m.holes.low || m.holes.high : m.holes !== 0))
                    w.uint32(56).uint64(m.holes);
                if (m.mappings != null && $Object.hasOwnProperty.call(m, "mappings") && (typeof m.mappings === "object" ? m.mappings.low || m.mappings.high : m.mappings !== 0))
                    w.uint32(64).uint64(m.mappings);
                if (m.parkedBytes != null && $Object.hasOwnProperty.call(m, "parkedBytes") && (typeof m.parkedBytes === "object" ? m.parkedBytes.low || m.parkedBytes.high : m.parkedBytes !== 0))
                    w.uint32(72).uint64(m.parkedBytes);
                if (m.strayBytes != null && $Object.hasOwnProperty.call(m, "strayBytes") && (typeof m.strayBytes === "object" ? m.strayBytes.low || m.strayBytes.high : m.strayBytes !== 0))
                    w.uint32(80).uint64(m.strayBytes);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            Window.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.Window();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.vm = v;
                            else
                                delete m.vm;
                            continue;
                        }
                    case 2: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.size = v;
                            else
                                delete m.size;
                            continue;
                        }
                    case 3: {
                            if (u !== 0)
                                break;
                            if (v = r.int32())
                                m.placement = v;
                            else
                                delete m.placement;
                            continue;
                        }
                    case 4: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.mappedBytes = v;
                            else
                                delete m.mappedBytes;
                            continue;
                        }
                    case 5: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.freeBytes = v;
                            else
                                delete m.freeBytes;
                            continue;
                        }
                    case 6: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.largestFreeExtent = v;
                            else
                                delete m.largestFreeExtent;
                            continue;
                        }
                    case 7: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.holes = v;
                            else
                                delete m.holes;
                            continue;
                        }
                    case 8: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.mappings = v;
                            else
                                delete m.mappings;
                            continue;
                        }
                    case 9: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.parkedBytes = v;
                            else
                                delete m.parkedBytes;
                            continue;
                        }
                    case 10: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.strayBytes = v;
                            else
                                delete m.strayBytes;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return Window;
        })();

        v1.Range = (function() {

            const Range = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            Range.prototype.offset = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Range.prototype.size = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Range.prototype.resourceId = 0;
            Range.prototype.cache = 0;
            Range.prototype.parked = false;

            Range.create = function(properties) {
                return new Range(properties);
            };

            Range.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.offset != null && $Object.hasOwnProperty.call(m, "offset") && (typeof m.offset === "object" ? m.offset.low || m.offset.high : m.offset !== 0))
                    w.uint32(8).uint64(m.offset);
                if (m.size != null && $Object.hasOwnProperty.call(m, "size") && (typeof m.size === "object" ? m.size.low || m.size.high : m.size !== 0))
                    w.uint32(16).uint64(m.size);
                if (m.resourceId != null && $Object.hasOwnProperty.call(m, "resourceId") && m.resourceId !== 0)
                    w.uint32(24).uint32(m.resourceId);
                if (m.cache != null && $Object.hasOwnProperty.call(m, "cache") && m.cache !== 0)
                    w.uint32(32).int32(m.cache);
                if (m.parked != null && $Object.hasOwnProperty.call(m, "parked") && m.parked !== false)
                    w.uint32(40).bool(m.parked);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            Range.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.Range();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.offset = v;
                            else
                                delete m.offset;
                            continue;
                        }
                    case 2: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.size = v;
                            else
                                delete m.size;
                            continue;
                        }
                    case 3: {
                            if (u !== 0)
                                break;
                            if (v = r.uint32())
                                m.resourceId = v;
                            else
                                delete m.resourceId;
                            continue;
                        }
                    case 4: {
                            if (u !== 0)
                                break;
                            if (v = r.int32())
                                m.cache = v;
                            else
                                delete m.cache;
                            continue;
                        }
                    case 5: {
                            if (u !== 0)
                                break;
                            if (v = r.bool())
                                m.parked = v;
                            else
                                delete m.parked;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return Range;
        })();

        v1.Heap = (function() {

            const Heap = function (p) {
                this.pending = [];
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            Heap.prototype.name = "";
            Heap.prototype.backing = 0;
            Heap.prototype.cache = 0;
            Heap.prototype.capacity = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Heap.prototype.used = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Heap.prototype.allocations = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Heap.prototype.path = "";
            Heap.prototype.pending = $util.emptyArray;
            Heap.prototype.idle = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            Heap.create = function(properties) {
                return new Heap(properties);
            };

            Heap.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.name != null && $Object.hasOwnProperty.call(m, "name") && m.name !== "")
                    w.uint32(10).string(m.name);
                if (m.backing != null && $Object.hasOwnProperty.call(m, "backing") && m.backing !== 0)
                    w.uint32(16).int32(m.backing);
                if (m.cache != null && $Object.hasOwnProperty.call(m, "cache") && m.cache !== 0)
                    w.uint32(24).int32(m.cache);
                if (m.capacity != null && $Object.hasOwnProperty.call(m, "capacity") && (typeof m.capacity === "object" ? m.capacity.low || m.capacity.high : m.capacity !== 0))
                    w.uint32(32).uint64(m.capacity);
                if (m.used != null && $Object.hasOwnProperty.call(m, "used") && (typeof m.used === "object" ? m.used.low || m.used.high : m.used !== 0))
                    w.uint32(40).uint64(m.used);
                if (m.allocations != null && $Object.hasOwnProperty.call(m, "allocations") && (typeof m.allocations === "object" ? m.allocations.low || m.allocations.high : m.allocations !== 0))
                    w.uint32(48).uint64(m.allocations);
                if (m.path != null && $Object.hasOwnProperty.call(m, "path") && m.path !== "")
                    w.uint32(58).string(m.path);
                if (m.pending != null && m.pending.length) {
                    for (var i = 0; i < m.pending.length; ++i)
                        $root.barkeep.v1.PendingChange.encode(m.pending[i], w.uint32(66).fork(), q + 1).ldelim();
                }
                if (m.idle != null && $Object.hasOwnProperty.call(m, "idle") && (typeof m.idle === "object" ? m.idle.low || m.idle.high : m.idle !== 0))
                    w.uint32(72).uint64(m.idle);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            Heap.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.Heap();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.name = v;
                            else
                                delete m.name;
                            continue;
                        }
                    case 2: {
                            if (u !== 0)
                                break;
                            if (v = r.int32())
                                m.backing = v;
                            else
                                delete m.backing;
                            continue;
                        }
                    case 3: {
                            if (u !== 0)
                                break;
                            if (v = r.int32())
                                m.cache = v;
                            else
                                delete m.cache;
                            continue;
                        }
                    case 4: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.capacity = v;
                            else
                                delete m.capacity;
                            continue;
                        }
                    case 5: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.used = v;
                            else
                                delete m.used;
                            continue;
                        }
                    case 6: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.allocations = v;
                            else
                                delete m.allocations;
                            continue;
                        }
                    case 7: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.path = v;
                            else
                                delete m.path;
                            continue;
                        }
                    case 8: {
                            if (u !== 2)
                                break;
                            if (!(m.pending && m.pending.length))
                                m.pending = [];
                            m.pending.push($root.barkeep.v1.PendingChange.decode(r, r.size(), $undefined, q + 1));
                            continue;
                        }
                    case 9: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.idle = v;
                            else
                                delete m.idle;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return Heap;
        })();

        v1.ListVmsRequest = (function() {

            const ListVmsRequest = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            ListVmsRequest.prototype.pageSize = 0;
            ListVmsRequest.prototype.pageToken = "";

            ListVmsRequest.create = function(properties) {
                return new ListVmsRequest(properties);
            };

            ListVmsRequest.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.pageSize != null && $Object.hasOwnProperty.call(m, "pageSize") && m.pageSize !== 0)
                    w.uint32(8).uint32(m.pageSize);
                if (m.pageToken != null && $Object.hasOwnProperty.call(m, "pageToken") && m.pageToken !== "")
                    w.uint32(18).string(m.pageToken);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            ListVmsRequest.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.ListVmsRequest();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 0)
                                break;
                            if (v = r.uint32())
                                m.pageSize = v;
                            else
                                delete m.pageSize;
                            continue;
                        }
                    case 2: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.pageToken = v;
                            else
                                delete m.pageToken;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return ListVmsRequest;
        })();

        v1.ListVmsResponse = (function() {

            const ListVmsResponse = function (p) {
                this.vms = [];
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            ListVmsResponse.prototype.vms = $util.emptyArray;
            ListVmsResponse.prototype.nextPageToken = "";

            ListVmsResponse.create = function(properties) {
                return new ListVmsResponse(properties);
            };

            ListVmsResponse.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.vms != null && m.vms.length) {
                    for (var i = 0; i < m.vms.length; ++i)
                        $root.barkeep.v1.Vm.encode(m.vms[i], w.uint32(10).fork(), q + 1).ldelim();
                }
                if (m.nextPageToken != null && $Object.hasOwnProperty.call(m, "nextPageToken") && m.nextPageToken !== "")
                    w.uint32(18).string(m.nextPageToken);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            ListVmsResponse.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.ListVmsResponse();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if (!(m.vms && m.vms.length))
                                m.vms = [];
                            m.vms.push($root.barkeep.v1.Vm.decode(r, r.size(), $undefined, q + 1));
                            continue;
                        }
                    case 2: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.nextPageToken = v;
                            else
                                delete m.nextPageToken;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return ListVmsResponse;
        })();

        v1.GetVmRequest = (function() {

            const GetVmRequest = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            GetVmRequest.prototype.vm = "";

            GetVmRequest.create = function(properties) {
                return new GetVmRequest(properties);
            };

            GetVmRequest.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.vm != null && $Object.hasOwnProperty.call(m, "vm") && m.vm !== "")
                    w.uint32(10).string(m.vm);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            GetVmRequest.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.GetVmRequest();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.vm = v;
                            else
                                delete m.vm;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return GetVmRequest;
        })();

        v1.GetVmResponse = (function() {

            const GetVmResponse = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            GetVmResponse.prototype.vm = null;

            GetVmResponse.create = function(properties) {
                return new GetVmResponse(properties);
            };

            GetVmResponse.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.vm != null && $Object.hasOwnProperty.call(m, "vm"))
                    $root.barkeep.v1.Vm.encode(m.vm, w.uint32(10).fork(), q + 1).ldelim();
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            GetVmResponse.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.GetVmResponse();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            m.vm = $root.barkeep.v1.Vm.decode(r, r.size(), $undefined, q + 1, m.vm);
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return GetVmResponse;
        })();

        v1.ListAllocationsRequest = (function() {

            const ListAllocationsRequest = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            ListAllocationsRequest.prototype.vm = "";
            ListAllocationsRequest.prototype.pageSize = 0;
            ListAllocationsRequest.prototype.pageToken = "";

            ListAllocationsRequest.create = function(properties) {
                return new ListAllocationsRequest(properties);
            };

            ListAllocationsRequest.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.vm != null && $Object.hasOwnProperty.call(m, "vm") && m.vm !== "")
                    w.uint32(10).string(m.vm);
                if (m.pageSize != null && $Object.hasOwnProperty.call(m, "pageSize") && m.pageSize !== 0)
                    w.uint32(16).uint32(m.pageSize);
                if (m.pageToken != null && $Object.hasOwnProperty.call(m, "pageToken") && m.pageToken !== "")
                    w.uint32(26).string(m.pageToken);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            ListAllocationsRequest.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.ListAllocationsRequest();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.vm = v;
                            else
                                delete m.vm;
                            continue;
                        }
                    case 2: {
                            if (u !== 0)
                                break;
                            if (v = r.uint32())
                                m.pageSize = v;
                            else
                                delete m.pageSize;
                            continue;
                        }
                    case 3: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.pageToken = v;
                            else
                                delete m.pageToken;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return ListAllocationsRequest;
        })();

        v1.ListAllocationsResponse = (function() {

            const ListAllocationsResponse = function (p) {
                this.allocations = [];
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            ListAllocationsResponse.prototype.allocations = $util.emptyArray;
            ListAllocationsResponse.prototype.nextPageToken = "";

            ListAllocationsResponse.create = function(properties) {
                return new ListAllocationsResponse(properties);
            };

            ListAllocationsResponse.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.allocations != null && m.allocations.length) {
                    for (var i = 0; i < m.allocations.length; ++i)
                        $root.barkeep.v1.Allocation.encode(m.allocations[i], w.uint32(10).fork(), q + 1).ldelim();
                }
                if (m.nextPageToken != null && $Object.hasOwnProperty.call(m, "nextPageToken") && m.nextPageToken !== "")
                    w.uint32(18).string(m.nextPageToken);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            ListAllocationsResponse.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.ListAllocationsResponse();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if (!(m.allocations && m.allocations.length))
                                m.allocations = [];
                            m.allocations.push($root.barkeep.v1.Allocation.decode(r, r.size(), $undefined, q + 1));
                            continue;
                        }
                    case 2: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.nextPageToken = v;
                            else
                                delete m.nextPageToken;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return ListAllocationsResponse;
        })();

        v1.GetAllocationRequest = (function() {

            const GetAllocationRequest = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            GetAllocationRequest.prototype.vm = "";
            GetAllocationRequest.prototype.resourceId = 0;

            GetAllocationRequest.create = function(properties) {
                return new GetAllocationRequest(properties);
            };

            GetAllocationRequest.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.vm != null && $Object.hasOwnProperty.call(m, "vm") && m.vm !== "")
                    w.uint32(10).string(m.vm);
                if (m.resourceId != null && $Object.hasOwnProperty.call(m, "resourceId") && m.resourceId !== 0)
                    w.uint32(16).uint32(m.resourceId);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            GetAllocationRequest.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.GetAllocationRequest();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.vm = v;
                            else
                                delete m.vm;
                            continue;
                        }
                    case 2: {
                            if (u !== 0)
                                break;
                            if (v = r.uint32())
                                m.resourceId = v;
                            else
                                delete m.resourceId;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return GetAllocationRequest;
        })();

        v1.GetAllocationResponse = (function() {

            const GetAllocationResponse = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            GetAllocationResponse.prototype.allocation = null;

            GetAllocationResponse.create = function(properties) {
                return new GetAllocationResponse(properties);
            };

            GetAllocationResponse.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.allocation != null && $Object.hasOwnProperty.call(m, "allocation"))
                    $root.barkeep.v1.Allocation.encode(m.allocation, w.uint32(10).fork(), q + 1).ldelim();
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            GetAllocationResponse.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.GetAllocationResponse();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            m.allocation = $root.barkeep.v1.Allocation.decode(r, r.size(), $undefined, q + 1, m.allocation);
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return GetAllocationResponse;
        })();

        v1.ListMappingsRequest = (function() {

            const ListMappingsRequest = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            ListMappingsRequest.prototype.vm = "";
            ListMappingsRequest.prototype.pageSize = 0;
            ListMappingsRequest.prototype.pageToken = "";

            ListMappingsRequest.create = function(properties) {
                return new ListMappingsRequest(properties);
            };

            ListMappingsRequest.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.vm != null && $Object.hasOwnProperty.call(m, "vm") && m.vm !== "")
                    w.uint32(10).string(m.vm);
                if (m.pageSize != null && $Object.hasOwnProperty.call(m, "pageSize") && m.pageSize !== 0)
                    w.uint32(16).uint32(m.pageSize);
                if (m.pageToken != null && $Object.hasOwnProperty.call(m, "pageToken") && m.pageToken !== "")
                    w.uint32(26).string(m.pageToken);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            ListMappingsRequest.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.ListMappingsRequest();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.vm = v;
                            else
                                delete m.vm;
                            continue;
                        }
                    case 2: {
                            if (u !== 0)
                                break;
                            if (v = r.uint32())
                                m.pageSize = v;
                            else
                                delete m.pageSize;
                            continue;
                        }
                    case 3: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.pageToken = v;
                            else
                                delete m.pageToken;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return ListMappingsRequest;
        })();

        v1.ListMappingsResponse = (function() {

            const ListMappingsResponse = function (p) {
                this.mappings = [];
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            ListMappingsResponse.prototype.mappings = $util.emptyArray;
            ListMappingsResponse.prototype.nextPageToken = "";

            ListMappingsResponse.create = function(properties) {
                return new ListMappingsResponse(properties);
            };

            ListMappingsResponse.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.mappings != null && m.mappings.length) {
                    for (var i = 0; i < m.mappings.length; ++i)
                        $root.barkeep.v1.Mapping.encode(m.mappings[i], w.uint32(10).fork(), q + 1).ldelim();
                }
                if (m.nextPageToken != null && $Object.hasOwnProperty.call(m, "nextPageToken") && m.nextPageToken !== "")
                    w.uint32(18).string(m.nextPageToken);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            ListMappingsResponse.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.ListMappingsResponse();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if (!(m.mappings && m.mappings.length))
                                m.mappings = [];
                            m.mappings.push($root.barkeep.v1.Mapping.decode(r, r.size(), $undefined, q + 1));
                            continue;
                        }
                    case 2: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.nextPageToken = v;
                            else
                                delete m.nextPageToken;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return ListMappingsResponse;
        })();

        v1.GetMappingRequest = (function() {

            const GetMappingRequest = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            GetMappingRequest.prototype.vm = "";
            GetMappingRequest.prototype.resourceId = 0;

            GetMappingRequest.create = function(properties) {
                return new GetMappingRequest(properties);
            };

            GetMappingRequest.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.vm != null && $Object.hasOwnProperty.call(m, "vm") && m.vm !== "")
                    w.uint32(10).string(m.vm);
                if (m.resourceId != null && $Object.hasOwnProperty.call(m, "resourceId") && m.resourceId !== 0)
                    w.uint32(16).uint32(m.resourceId);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            GetMappingRequest.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.GetMappingRequest();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.vm = v;
                            else
                                delete m.vm;
                            continue;
                        }
                    case 2: {
                            if (u !== 0)
                                break;
                            if (v = r.uint32())
                                m.resourceId = v;
                            else
                                delete m.resourceId;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return GetMappingRequest;
        })();

        v1.GetMappingResponse = (function() {

            const GetMappingResponse = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            GetMappingResponse.prototype.mapping = null;

            GetMappingResponse.create = function(properties) {
                return new GetMappingResponse(properties);
            };

            GetMappingResponse.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.mapping != null && $Object.hasOwnProperty.call(m, "mapping"))
                    $root.barkeep.v1.Mapping.encode(m.mapping, w.uint32(10).fork(), q + 1).ldelim();
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            GetMappingResponse.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.GetMappingResponse();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            m.mapping = $root.barkeep.v1.Mapping.decode(r, r.size(), $undefined, q + 1, m.mapping);
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return GetMappingResponse;
        })();

        v1.ListWindowsRequest = (function() {

            const ListWindowsRequest = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            ListWindowsRequest.prototype.pageSize = 0;
            ListWindowsRequest.prototype.pageToken = "";

            ListWindowsRequest.create = function(properties) {
                return new ListWindowsRequest(properties);
            };

            ListWindowsRequest.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.pageSize != null && $Object.hasOwnProperty.call(m, "pageSize") && m.pageSize !== 0)
                    w.uint32(8).uint32(m.pageSize);
                if (m.pageToken != null && $Object.hasOwnProperty.call(m, "pageToken") && m.pageToken !== "")
                    w.uint32(18).string(m.pageToken);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            ListWindowsRequest.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.ListWindowsRequest();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 0)
                                break;
                            if (v = r.uint32())
                                m.pageSize = v;
                            else
                                delete m.pageSize;
                            continue;
                        }
                    case 2: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.pageToken = v;
                            else
                                delete m.pageToken;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return ListWindowsRequest;
        })();

        v1.ListWindowsResponse = (function() {

            const ListWindowsResponse = function (p) {
                this.windows = [];
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            ListWindowsResponse.prototype.windows = $util.emptyArray;
            ListWindowsResponse.prototype.nextPageToken = "";

            ListWindowsResponse.create = function(properties) {
                return new ListWindowsResponse(properties);
            };

            ListWindowsResponse.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.windows != null && m.windows.length) {
                    for (var i = 0; i < m.windows.length; ++i)
                        $root.barkeep.v1.Window.encode(m.windows[i], w.uint32(10).fork(), q + 1).ldelim();
                }
                if (m.nextPageToken != null && $Object.hasOwnProperty.call(m, "nextPageToken") && m.nextPageToken !== "")
                    w.uint32(18).string(m.nextPageToken);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            ListWindowsResponse.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.ListWindowsResponse();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if (!(m.windows && m.windows.length))
                                m.windows = [];
                            m.windows.push($root.barkeep.v1.Window.decode(r, r.size(), $undefined, q + 1));
                            continue;
                        }
                    case 2: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.nextPageToken = v;
                            else
                                delete m.nextPageToken;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return ListWindowsResponse;
        })();

        v1.GetWindowRequest = (function() {

            const GetWindowRequest = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            GetWindowRequest.prototype.vm = "";

            GetWindowRequest.create = function(properties) {
                return new GetWindowRequest(properties);
            };

            GetWindowRequest.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.vm != null && $Object.hasOwnProperty.call(m, "vm") && m.vm !== "")
                    w.uint32(10).string(m.vm);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            GetWindowRequest.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.GetWindowRequest();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.vm = v;
                            else
                                delete m.vm;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return GetWindowRequest;
        })();

        v1.GetWindowResponse = (function() {

            const GetWindowResponse = function (p) {
                this.ranges = [];
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            GetWindowResponse.prototype.window = null;
            GetWindowResponse.prototype.ranges = $util.emptyArray;
            GetWindowResponse.prototype.truncated = false;

            GetWindowResponse.create = function(properties) {
                return new GetWindowResponse(properties);
            };

            GetWindowResponse.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.window != null && $Object.hasOwnProperty.call(m, "window"))
                    $root.barkeep.v1.Window.encode(m.window, w.uint32(10).fork(), q + 1).ldelim();
                if (m.ranges != null && m.ranges.length) {
                    for (var i = 0; i < m.ranges.length; ++i)
                        $root.barkeep.v1.Range.encode(m.ranges[i], w.uint32(18).fork(), q + 1).ldelim();
                }
                if (m.truncated != null && $Object.hasOwnProperty.call(m, "truncated") && m.truncated !== false)
                    w.uint32(24).bool(m.truncated);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            GetWindowResponse.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.GetWindowResponse();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            m.window = $root.barkeep.v1.Window.decode(r, r.size(), $undefined, q + 1, m.window);
                            continue;
                        }
                    case 2: {
                            if (u !== 2)
                                break;
                            if (!(m.ranges && m.ranges.length))
                                m.ranges = [];
                            m.ranges.push($root.barkeep.v1.Range.decode(r, r.size(), $undefined, q + 1));
                            continue;
                        }
                    case 3: {
                            if (u !== 0)
                                break;
                            if (v = r.bool())
                                m.truncated = v;
                            else
                                delete m.truncated;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return GetWindowResponse;
        })();

        v1.ListHeapsRequest = (function() {

            const ListHeapsRequest = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            ListHeapsRequest.prototype.pageSize = 0;
            ListHeapsRequest.prototype.pageToken = "";

            ListHeapsRequest.create = function(properties) {
                return new ListHeapsRequest(properties);
            };

            ListHeapsRequest.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.pageSize != null && $Object.hasOwnProperty.call(m, "pageSize") && m.pageSize !== 0)
                    w.uint32(8).uint32(m.pageSize);
                if (m.pageToken != null && $Object.hasOwnProperty.call(m, "pageToken") && m.pageToken !== "")
                    w.uint32(18).string(m.pageToken);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            ListHeapsRequest.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.ListHeapsRequest();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 0)
                                break;
                            if (v = r.uint32())
                                m.pageSize = v;
                            else
                                delete m.pageSize;
                            continue;
                        }
                    case 2: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.pageToken = v;
                            else
                                delete m.pageToken;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return ListHeapsRequest;
        })();

        v1.ListHeapsResponse = (function() {

            const ListHeapsResponse = function (p) {
                this.heaps = [];
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            ListHeapsResponse.prototype.heaps = $util.emptyArray;
            ListHeapsResponse.prototype.nextPageToken = "";

            ListHeapsResponse.create = function(properties) {
                return new ListHeapsResponse(properties);
            };

            ListHeapsResponse.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.heaps != null && m.heaps.length) {
                    for (var i = 0; i < m.heaps.length; ++i)
                        $root.barkeep.v1.Heap.encode(m.heaps[i], w.uint32(10).fork(), q + 1).ldelim();
                }
                if (m.nextPageToken != null && $Object.hasOwnProperty.call(m, "nextPageToken") && m.nextPageToken !== "")
                    w.uint32(18).string(m.nextPageToken);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            ListHeapsResponse.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.ListHeapsResponse();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if (!(m.heaps && m.heaps.length))
                                m.heaps = [];
                            m.heaps.push($root.barkeep.v1.Heap.decode(r, r.size(), $undefined, q + 1));
                            continue;
                        }
                    case 2: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.nextPageToken = v;
                            else
                                delete m.nextPageToken;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return ListHeapsResponse;
        })();

        v1.GetHeapRequest = (function() {

            const GetHeapRequest = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            GetHeapRequest.prototype.heap = "";

            GetHeapRequest.create = function(properties) {
                return new GetHeapRequest(properties);
            };

            GetHeapRequest.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.heap != null && $Object.hasOwnProperty.call(m, "heap") && m.heap !== "")
                    w.uint32(10).string(m.heap);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            GetHeapRequest.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.GetHeapRequest();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.heap = v;
                            else
                                delete m.heap;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return GetHeapRequest;
        })();

        v1.GetHeapResponse = (function() {

            const GetHeapResponse = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            GetHeapResponse.prototype.heap = null;

            GetHeapResponse.create = function(properties) {
                return new GetHeapResponse(properties);
            };

            GetHeapResponse.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.heap != null && $Object.hasOwnProperty.call(m, "heap"))
                    $root.barkeep.v1.Heap.encode(m.heap, w.uint32(10).fork(), q + 1).ldelim();
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            GetHeapResponse.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.GetHeapResponse();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            m.heap = $root.barkeep.v1.Heap.decode(r, r.size(), $undefined, q + 1, m.heap);
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return GetHeapResponse;
        })();

        v1.OpenBlobRequest = (function() {

            const OpenBlobRequest = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            OpenBlobRequest.prototype.vm = "";
            OpenBlobRequest.prototype.resourceId = 0;

            OpenBlobRequest.create = function(properties) {
                return new OpenBlobRequest(properties);
            };

            OpenBlobRequest.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.vm != null && $Object.hasOwnProperty.call(m, "vm") && m.vm !== "")
                    w.uint32(10).string(m.vm);
                if (m.resourceId != null && $Object.hasOwnProperty.call(m, "resourceId") && m.resourceId !== 0)
                    w.uint32(16).uint32(m.resourceId);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            OpenBlobRequest.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.OpenBlobRequest();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.vm = v;
                            else
                                delete m.vm;
                            continue;
                        }
                    case 2: {
                            if (u !== 0)
                                break;
                            if (v = r.uint32())
                                m.resourceId = v;
                            else
                                delete m.resourceId;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return OpenBlobRequest;
        })();

        v1.OpenBlobResponse = (function() {

            const OpenBlobResponse = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            OpenBlobResponse.prototype.memory = null;

            OpenBlobResponse.create = function(properties) {
                return new OpenBlobResponse(properties);
            };

            OpenBlobResponse.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.memory != null && $Object.hasOwnProperty.call(m, "memory"))
                    $root.barkeep.v1.MemoryHandle.encode(m.memory, w.uint32(10).fork(), q + 1).ldelim();
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            OpenBlobResponse.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.OpenBlobResponse();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            m.memory = $root.barkeep.v1.MemoryHandle.decode(r, r.size(), $undefined, q + 1, m.memory);
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return OpenBlobResponse;
        })();

        v1.WatchEventsRequest = (function() {

            const WatchEventsRequest = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            WatchEventsRequest.prototype.vm = "";

            WatchEventsRequest.create = function(properties) {
                return new WatchEventsRequest(properties);
            };

            WatchEventsRequest.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.vm != null && $Object.hasOwnProperty.call(m, "vm") && m.vm !== "")
                    w.uint32(10).string(m.vm);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            WatchEventsRequest.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.WatchEventsRequest();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.vm = v;
                            else
                                delete m.vm;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return WatchEventsRequest;
        })();

        v1.WatchEventsResponse = (function() {

            const WatchEventsResponse = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            WatchEventsResponse.prototype.time = 0;
            WatchEventsResponse.prototype.lost = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            WatchEventsResponse.prototype.vm = "";
            WatchEventsResponse.prototype.vmStateChanged = null;
            WatchEventsResponse.prototype.blobCreated = null;
            WatchEventsResponse.prototype.blobMapped = null;
            WatchEventsResponse.prototype.blobUnmapped = null;
            WatchEventsResponse.prototype.blobDestroyed = null;
            WatchEventsResponse.prototype.deviceReset = null;
            WatchEventsResponse.prototype.commandRefused = null;

            let $oneOfFields;

            $Object.defineProperty(WatchEventsResponse.prototype, "event", {
                get: $util.oneOfGetter($oneOfFields = ["vmStateChanged", "blobCreated", "blobMapped", "blobUnmapped", "blobDestroyed", "deviceReset", "commandRefused"]),
                set: $util.oneOfSetter($oneOfFields)
            });

            WatchEventsResponse.create = function(properties) {
                return new WatchEventsResponse(properties);
            };

            WatchEventsResponse.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.time != null && $Object.hasOwnProperty.call(m, "time") && !$Object.is(m.time, 0))
                    w.uint32(9).double(m.time);
                if (m.lost != null && $Object.hasOwnProperty.call(m, "lost") && (typeof m.lost === "object" ? m.lost.low || m.lost.high : m.lost !== 0))
                    w.uint32(16).uint64(m.lost);
                if (m.vm != null && $Object.hasOwnProperty.call(m, "vm") && m.vm !== "")
                    w.uint32(26).string(m.vm);
                if (m.vmStateChanged != null && $Object.hasOwnProperty.call(m, "vmStateChanged"))
                    $root.barkeep.v1.VmStateChanged.encode(m.vmStateChanged, w.uint32(34).fork(), q + 1).ldelim();
                if (m.blobCreated != null && $Object.hasOwnProperty.call(m, "blobCreated"))
                    $root.barkeep.v1.BlobCreated.encode(m.blobCreated, w.uint32(42).fork(), q + 1).ldelim();
                if (m.blobMapped != null && $Object.hasOwnProperty.call(m, "blobMapped"))
                    $root.barkeep.v1.BlobMapped.encode(m.blobMapped, w.uint32(50).fork(), q + 1).ldelim();
                if (m.blobUnmapped != null && $Object.hasOwnProperty.call(m, "blobUnmapped"))
                    $root.barkeep.v1.BlobUnmapped.encode(m.blobUnmapped, w.uint32(58).fork(), q + 1).ldelim();
                if (m.blobDestroyed != null && $Object.hasOwnProperty.call(m, "blobDestroyed"))
                    $root.barkeep.v1.BlobDestroyed.encode(m.blobDestroyed, w.uint32(66).fork(), q + 1).ldelim();
                if (m.deviceReset != null && $Object.hasOwnProperty.call(m, "deviceReset"))
                    $root.barkeep.v1.DeviceReset.encode(m.deviceReset, w.uint32(74).fork(), q + 1).ldelim();
                if (m.commandRefused != null && $Object.hasOwnProperty.call(m, "commandRefused"))
                    $root.barkeep.v1.CommandRefused.encode(m.commandRefused, w.uint32(82).fork(), q + 1).ldelim();
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            WatchEventsResponse.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.WatchEventsResponse();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 1)
                                break;
                            if (!$Object.is(v = r.double(), 0))
                                m.time = v;
                            else
                                delete m.time;
                            continue;
                        }
                    case 2: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.lost = v;
                            else
                                delete m.lost;
                            continue;
                        }
                    case 3: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.vm = v;
                            else
                                delete m.vm;
                            continue;
                        }
                    case 4: {
                            if (u !== 2)
                                break;
                            m.vmStateChanged = $root.barkeep.v1.VmStateChanged.decode(r, r.size(), $undefined, q + 1, m.vmStateChanged);
                            m.event = "vmStateChanged";
                            continue;
                        }
                    case 5: {
                            if (u !== 2)
                                break;
                            m.blobCreated = $root.barkeep.v1.BlobCreated.decode(r, r.size(), $undefined, q + 1, m.blobCreated);
                            m.event = "blobCreated";
                            continue;
                        }
                    case 6: {
                            if (u !== 2)
                                break;
                            m.blobMapped = $root.barkeep.v1.BlobMapped.decode(r, r.size(), $undefined, q + 1, m.blobMapped);
                            m.event = "blobMapped";
                            continue;
                        }
                    case 7: {
                            if (u !== 2)
                                break;
                            m.blobUnmapped = $root.barkeep.v1.BlobUnmapped.decode(r, r.size(), $undefined, q + 1, m.blobUnmapped);
                            m.event = "blobUnmapped";
                            continue;
                        }
                    case 8: {
                            if (u !== 2)
                                break;
                            m.blobDestroyed = $root.barkeep.v1.BlobDestroyed.decode(r, r.size(), $undefined, q + 1, m.blobDestroyed);
                            m.event = "blobDestroyed";
                            continue;
                        }
                    case 9: {
                            if (u !== 2)
                                break;
                            m.deviceReset = $root.barkeep.v1.DeviceReset.decode(r, r.size(), $undefined, q + 1, m.deviceReset);
                            m.event = "deviceReset";
                            continue;
                        }
                    case 10: {
                            if (u !== 2)
                                break;
                            m.commandRefused = $root.barkeep.v1.CommandRefused.decode(r, r.size(), $undefined, q + 1, m.commandRefused);
                            m.event = "commandRefused";
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return WatchEventsResponse;
        })();

        v1.VmStateChanged = (function() {

            const VmStateChanged = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            VmStateChanged.prototype.state = 0;
            VmStateChanged.prototype.reason = "";

            VmStateChanged.create = function(properties) {
                return new VmStateChanged(properties);
            };

            VmStateChanged.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.state != null && $Object.hasOwnProperty.call(m, "state") && m.state !== 0)
                    w.uint32(8).int32(m.state);
                if (m.reason != null && $Object.hasOwnProperty.call(m, "reason") && m.reason !== "")
                    w.uint32(18).string(m.reason);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            VmStateChanged.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.VmStateChanged();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 0)
                                break;
                            if (v = r.int32())
                                m.state = v;
                            else
                                delete m.state;
                            continue;
                        }
                    case 2: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.reason = v;
                            else
                                delete m.reason;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return VmStateChanged;
        })();

        v1.BlobCreated = (function() {

            const BlobCreated = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            BlobCreated.prototype.resourceId = 0;
            BlobCreated.prototype.size = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            BlobCreated.create = function(properties) {
                return new BlobCreated(properties);
            };

            BlobCreated.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.resourceId != null && $Object.hasOwnProperty.call(m, "resourceId") && m.resourceId !== 0)
                    w.uint32(8).uint32(m.resourceId);
                if (m.size != null && $Object.hasOwnProperty.call(m, "size") && (typeof m.size === "object" ? m.size.low || m.size.high : m.size !== 0))
                    w.uint32(16).uint64(m.size);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            BlobCreated.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.BlobCreated();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 0)
                                break;
                            if (v = r.uint32())
                                m.resourceId = v;
                            else
                                delete m.resourceId;
                            continue;
                        }
                    case 2: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.size = v;
                            else
                                delete m.size;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return BlobCreated;
        })();

        v1.BlobMapped = (function() {

            const BlobMapped = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            BlobMapped.prototype.resourceId = 0;
            BlobMapped.prototype.offset = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            BlobMapped.prototype.size = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            BlobMapped.prototype.cache = 0;

            BlobMapped.create = function(properties) {
                return new BlobMapped(properties);
            };

            BlobMapped.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.resourceId != null && $Object.hasOwnProperty.call(m, "resourceId") && m.resourceId !== 0)
                    w.uint32(8).uint32(m.resourceId);
                if (m.offset != null && $Object.hasOwnProperty.call(m, "offset") && (typeof m.offset === "object" ? m.offset.low || m.offset.high : m.offset !== 0))
                    w.uint32(16).uint64(m.offset);
                if (m.size != null && $Object.hasOwnProperty.call(m, "size") && (typeof m.size === "object" ? m.size.low || m.size.high : m.size !== 0))
                    w.uint32(24).uint64(m.size);
                if (m.cache != null && $Object.hasOwnProperty.call(m, "cache") && m.cache !== 0)
                    w.uint32(32).int32(m.cache);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            BlobMapped.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.BlobMapped();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 0)
                                break;
                            if (v = r.uint32())
                                m.resourceId = v;
                            else
                                delete m.resourceId;
                            continue;
                        }
                    case 2: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.offset = v;
                            else
                                delete m.offset;
                            continue;
                        }
                    case 3: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.size = v;
                            else
                                delete m.size;
                            continue;
                        }
                    case 4: {
                            if (u !== 0)
                                break;
                            if (v = r.int32())
                                m.cache = v;
                            else
                                delete m.cache;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return BlobMapped;
        })();

        v1.BlobUnmapped = (function() {

            const BlobUnmapped = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            BlobUnmapped.prototype.resourceId = 0;

            BlobUnmapped.create = function(properties) {
                return new BlobUnmapped(properties);
            };

            BlobUnmapped.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.resourceId != null && $Object.hasOwnProperty.call(m, "resourceId") && m.resourceId !== 0)
                    w.uint32(8).uint32(m.resourceId);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            BlobUnmapped.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.BlobUnmapped();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 0)
                                break;
                            if (v = r.uint32())
                                m.resourceId = v;
                            else
                                delete m.resourceId;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return BlobUnmapped;
        })();

        v1.BlobDestroyed = (function() {

            const BlobDestroyed = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            BlobDestroyed.prototype.resourceId = 0;

            BlobDestroyed.create = function(properties) {
                return new BlobDestroyed(properties);
            };

            BlobDestroyed.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.resourceId != null && $Object.hasOwnProperty.call(m, "resourceId") && m.resourceId !== 0)
                    w.uint32(8).uint32(m.resourceId);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            BlobDestroyed.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.BlobDestroyed();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 0)
                                break;
                            if (v = r.uint32())
                                m.resourceId = v;
                            else
                                delete m.resourceId;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return BlobDestroyed;
        })();

        v1.DeviceReset = (function() {

            const DeviceReset = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            DeviceReset.prototype.generation = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            DeviceReset.create = function(properties) {
                return new DeviceReset(properties);
            };

            DeviceReset.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.generation != null && $Object.hasOwnProperty.call(m, "generation") && (typeof m.generation === "object" ? m.generation.low || m.generation.high : m.generation !== 0))
                    w.uint32(8).uint64(m.generation);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            DeviceReset.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.DeviceReset();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.generation = v;
                            else
                                delete m.generation;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return DeviceReset;
        })();

        v1.CommandRefused = (function() {

            const CommandRefused = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            CommandRefused.prototype.operation = "";
            CommandRefused.prototype.reason = 0;
            CommandRefused.prototype.message = "";

            CommandRefused.create = function(properties) {
                return new CommandRefused(properties);
            };

            CommandRefused.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.operation != null && $Object.hasOwnProperty.call(m, "operation") && m.operation !== "")
                    w.uint32(10).string(m.operation);
                if (m.reason != null && $Object.hasOwnProperty.call(m, "reason") && m.reason !== 0)
                    w.uint32(16).int32(m.reason);
                if (m.message != null && $Object.hasOwnProperty.call(m, "message") && m.message !== "")
                    w.uint32(26).string(m.message);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            CommandRefused.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.CommandRefused();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.operation = v;
                            else
                                delete m.operation;
                            continue;
                        }
                    case 2: {
                            if (u !== 0)
                                break;
                            if (v = r.int32())
                                m.reason = v;
                            else
                                delete m.reason;
                            continue;
                        }
                    case 3: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.message = v;
                            else
                                delete m.message;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return CommandRefused;
        })();

        v1.GetConfigurationRequest = (function() {

            const GetConfigurationRequest = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            GetConfigurationRequest.create = function(properties) {
                return new GetConfigurationRequest(properties);
            };

            GetConfigurationRequest.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            GetConfigurationRequest.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.GetConfigurationRequest();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    r.skipType(t & 7, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return GetConfigurationRequest;
        })();

        v1.GetConfigurationResponse = (function() {

            const GetConfigurationResponse = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            GetConfigurationResponse.prototype.configuration = null;

            GetConfigurationResponse.create = function(properties) {
                return new GetConfigurationResponse(properties);
            };

            GetConfigurationResponse.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.configuration != null && $Object.hasOwnProperty.call(m, "configuration"))
                    $root.barkeep.v1.Configuration.encode(m.configuration, w.uint32(10).fork(), q + 1).ldelim();
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            GetConfigurationResponse.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.GetConfigurationResponse();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            m.configuration = $root.barkeep.v1.Configuration.decode(r, r.size(), $undefined, q + 1, m.configuration);
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return GetConfigurationResponse;
        })();

        v1.Configuration = (function() {

            const Configuration = function (p) {
                this.problems = [];
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            Configuration.prototype.file = "";
            Configuration.prototype.lastReloadSuccessful = false;
            Configuration.prototype.lastReloadSuccessTime = 0;
            Configuration.prototype.problems = $util.emptyArray;
            Configuration.prototype.changed = false;

            Configuration.create = function(properties) {
                return new Configuration(properties);
            };

            Configuration.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.file != null && $Object.hasOwnProperty.call(m, "file") && m.file !== "")
                    w.uint32(10).string(m.file);
                if (m.lastReloadSuccessful != null && $Object.hasOwnProperty.call(m, "lastReloadSuccessful") && m.lastReloadSuccessful !== false)
                    w.uint32(16).bool(m.lastReloadSuccessful);
                if (m.lastReloadSuccessTime != null && $Object.hasOwnProperty.call(m, "lastReloadSuccessTime") && !$Object.is(m.lastReloadSuccessTime, 0))
                    w.uint32(25).double(m.lastReloadSuccessTime);
                if (m.problems != null && m.problems.length) {
                    for (var i = 0; i < m.problems.length; ++i)
                        w.uint32(34).string(m.problems[i]);
                }
                if (m.changed != null && $Object.hasOwnProperty.call(m, "changed") && m.changed !== false)
                    w.uint32(40).bool(m.changed);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            Configuration.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.Configuration();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.file = v;
                            else
                                delete m.file;
                            continue;
                        }
                    case 2: {
                            if (u !== 0)
                                break;
                            if (v = r.bool())
                                m.lastReloadSuccessful = v;
                            else
                                delete m.lastReloadSuccessful;
                            continue;
                        }
                    case 3: {
                            if (u !== 1)
                                break;
                            if (!$Object.is(v = r.double(), 0))
                                m.lastReloadSuccessTime = v;
                            else
                                delete m.lastReloadSuccessTime;
                            continue;
                        }
                    case 4: {
                            if (u !== 2)
                                break;
                            if (!(m.problems && m.problems.length))
                                m.problems = [];
                            m.problems.push(r.stringVerify());
                            continue;
                        }
                    case 5: {
                            if (u !== 0)
                                break;
                            if (v = r.bool())
                                m.changed = v;
                            else
                                delete m.changed;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return Configuration;
        })();

        v1.GetStatisticsRequest = (function() {

            const GetStatisticsRequest = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            GetStatisticsRequest.prototype.pageSize = 0;
            GetStatisticsRequest.prototype.pageToken = "";
            GetStatisticsRequest.prototype.withoutLatencies = false;

            GetStatisticsRequest.create = function(properties) {
                return new GetStatisticsRequest(properties);
            };

            GetStatisticsRequest.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.pageSize != null && $Object.hasOwnProperty.call(m, "pageSize") && m.pageSize !== 0)
                    w.uint32(8).uint32(m.pageSize);
                if (m.pageToken != null && $Object.hasOwnProperty.call(m, "pageToken") && m.pageToken !== "")
                    w.uint32(18).string(m.pageToken);
                if (m.withoutLatencies != null && $Object.hasOwnProperty.call(m, "withoutLatencies") && m.withoutLatencies !== false)
                    w.uint32(24).bool(m.withoutLatencies);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            GetStatisticsRequest.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.GetStatisticsRequest();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 0)
                                break;
                            if (v = r.uint32())
                                m.pageSize = v;
                            else
                                delete m.pageSize;
                            continue;
                        }
                    case 2: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.pageToken = v;
                            else
                                delete m.pageToken;
                            continue;
                        }
                    case 3: {
                            if (u !== 0)
                                break;
                            if (v = r.bool())
                                m.withoutLatencies = v;
                            else
                                delete m.withoutLatencies;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return GetStatisticsRequest;
        })();

        v1.GetStatisticsResponse = (function() {

            const GetStatisticsResponse = function (p) {
                this.vms = [];
                this.heaps = [];
                this.stages = [];
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            GetStatisticsResponse.prototype.version = "";
            GetStatisticsResponse.prototype.process = null;
            GetStatisticsResponse.prototype.vms = $util.emptyArray;
            GetStatisticsResponse.prototype.heaps = $util.emptyArray;
            GetStatisticsResponse.prototype.hostCapacity = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            GetStatisticsResponse.prototype.hostUsed = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            GetStatisticsResponse.prototype.vmsConfigured = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            GetStatisticsResponse.prototype.batchSeconds = null;
            GetStatisticsResponse.prototype.tokensIssued = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            GetStatisticsResponse.prototype.tokensRedeemed = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            GetStatisticsResponse.prototype.tokensRefused = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            GetStatisticsResponse.prototype.journal = null;
            GetStatisticsResponse.prototype.recovery = null;
            GetStatisticsResponse.prototype.configuration = null;
            GetStatisticsResponse.prototype.stages = $util.emptyArray;
            GetStatisticsResponse.prototype.nextPageToken = "";
            GetStatisticsResponse.prototype.grants = null;

            GetStatisticsResponse.create = function(properties) {
                return new GetStatisticsResponse(properties);
            };

            GetStatisticsResponse.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.version != null && $Object.hasOwnProperty.call(m, "version") && m.version !== "")
                    w.uint32(10).string(m.version);
                if (m.process != null && $Object.hasOwnProperty.call(m, "process"))
                    $root.barkeep.v1.ProcessStatistics.encode(m.process, w.uint32(18).fork(), q + 1).ldelim();
                if (m.vms != null && m.vms.length) {
                    for (var i = 0; i < m.vms.length; ++i)
                        $root.barkeep.v1.VmStatistics.encode(m.vms[i], w.uint32(26).fork(), q + 1).ldelim();
                }
                if (m.heaps != null && m.heaps.length) {
                    for (var i = 0; i < m.heaps.length; ++i)
                        $root.barkeep.v1.Heap.encode(m.heaps[i], w.uint32(34).fork(), q + 1).ldelim();
                }
                if (m.hostCapacity != null && $Object.hasOwnProperty.call(m, "hostCapacity") && (typeof m.hostCapacity === "object" ? m.hostCapacity.low || m.hostCapacity.high : m.hostCapacity !== 0))
                    w.uint32(40).uint64(m.hostCapacity);
                if (m.hostUsed != null && $Object.hasOwnProperty.call(m, "hostUsed") && (typeof m.hostUsed === "object" ? m.hostUsed.low || m.hostUsed.high : m.hostUsed !== 0))
                    w.uint32(48).uint64(m.hostUsed);
                if (m.vmsConfigured != null && $Object.hasOwnProperty.call(m, "vmsConfigured") && (typeof m.vmsConfigured === "object" ? m.vmsConfigured.low || m.vmsConfigured.high : m.vmsConfigured !== 0))
                    w.uint32(56).uint64(m.vmsConfigured);
                if (m.batchSeconds != null && $Object.hasOwnProperty.call(m, "batchSeconds"))
                    $root.barkeep.v1.Histogram.encode(m.batchSeconds, w.uint32(66).fork(), q + 1).ldelim();
                if (m.tokensIssued != null && $Object.hasOwnProperty.call(m, "tokensIssued") && (typeof m.tokensIssued === "object" ? m.tokensIssued.low || m.tokensIssued.high : m.tokensIssued !== 0))
                    w.uint32(72).uint64(m.tokensIssued);
                if (m.tokensRedeemed != null && $Object.hasOwnProperty.call(m, "tokensRedeemed") && (typeof m.tokensRedeemed === "object" ? m.tokensRedeemed.low || m.tokensRedeemed.high : m.tokensRedeemed !== 0))
                    w.uint32(80).uint64(m.tokensRedeemed);
                if (m.tokensRefused != null && $Object.hasOwnProperty.call(m, "tokensRefused") && (typeof m.tokensRefused === "object" ? m.tokensRefused.low || m.tokensRefused.high : m.tokensRefused !== 0))
                    w.uint32(88).uint64(m.tokensRefused);
                if (m.journal != null && $Object.hasOwnProperty.call(m, "journal"))
                    $root.barkeep.v1.JournalStatistics.encode(m.journal, w.uint32(98).fork(), q + 1).ldelim();
                if (m.recovery != null && $Object.hasOwnProperty.call(m, "recovery"))
                    $root.barkeep.v1.RecoveryStatistics.encode(m.recovery, w.uint32(106).fork(), q + 1).ldelim();
                if (m.configuration != null && $Object.hasOwnProperty.call(m, "configuration"))
                    $root.barkeep.v1.Configuration.encode(m.configuration, w.uint32(114).fork(), q + 1).ldelim();
                if (m.stages != null && m.stages.length) {
                    for (var i = 0; i < m.stages.length; ++i)
                        $root.barkeep.v1.StageLatency.encode(m.stages[i], w.uint32(122).fork(), q + 1).ldelim();
                }
                if (m.nextPageToken != null && $Object.hasOwnProperty.call(m, "nextPageToken") && m.nextPageToken !== "")
                    w.uint32(130).string(m.nextPageToken);
                if (m.grants != null && $Object.hasOwnProperty.call(m, "grants"))
                    $root.barkeep.v1.GrantStatistics.encode(m.grants, w.uint32(138).fork(), q + 1).ldelim();
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            GetStatisticsResponse.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.GetStatisticsResponse();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.version = v;
                            else
                                delete m.version;
                            continue;
                        }
                    case 2: {
                            if (u !== 2)
                                break;
                            m.process = $root.barkeep.v1.ProcessStatistics.decode(r, r.size(), $undefined, q + 1, m.process);
                            continue;
                        }
                    case 3: {
                            if (u !== 2)
                                break;
                            if (!(m.vms && m.vms.length))
                                m.vms = [];
                            m.vms.push($root.barkeep.v1.VmStatistics.decode(r, r.size(), $undefined, q + 1));
                            continue;
                        }
                    case 4: {
                            if (u !== 2)
                                break;
                            if (!(m.heaps && m.heaps.length))
                                m.heaps = [];
                            m.heaps.push($root.barkeep.v1.Heap.decode(r, r.size(), $undefined, q + 1));
                            continue;
                        }
                    case 5: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.hostCapacity = v;
                            else
                                delete m.hostCapacity;
                            continue;
                        }
                    case 6: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.hostUsed = v;
                            else
                                delete m.hostUsed;
                            continue;
                        }
                    case 7: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.vmsConfigured = v;
                            else
                                delete m.vmsConfigured;
                            continue;
                        }
                    case 8: {
                            if (u !== 2)
                                break;
                            m.batchSeconds = $root.barkeep.v1.Histogram.decode(r, r.size(), $undefined, q + 1, m.batchSeconds);
                            continue;
                        }
                    case 9: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.tokensIssued = v;
                            else
                                delete m.tokensIssued;
                            continue;
                        }
                    case 10: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.tokensRedeemed = v;
                            else
                                delete m.tokensRedeemed;
                            continue;
                        }
                    case 11: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.tokensRefused = v;
                            else
                                delete m.tokensRefused;
                            continue;
                        }
                    case 12: {
                            if (u !== 2)
                                break;
                            m.journal = $root.barkeep.v1.JournalStatistics.decode(r, r.size(), $undefined, q + 1, m.journal);
                            continue;
                        }
                    case 13: {
                            if (u !== 2)
                                break;
                            m.recovery = $root.barkeep.v1.RecoveryStatistics.decode(r, r.size(), $undefined, q + 1, m.recovery);
                            continue;
                        }
                    case 14: {
                            if (u !== 2)
                                break;
                            m.configuration = $root.barkeep.v1.Configuration.decode(r, r.size(), $undefined, q + 1, m.configuration);
                            continue;
                        }
                    case 15: {
                            if (u !== 2)
                                break;
                            if (!(m.stages && m.stages.length))
                                m.stages = [];
                            m.stages.push($root.barkeep.v1.StageLatency.decode(r, r.size(), $undefined, q + 1));
                            continue;
                        }
                    case 16: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.nextPageToken = v;
                            else
                                delete m.nextPageToken;
                            continue;
                        }
                    case 17: {
                            if (u !== 2)
                                break;
                            m.grants = $root.barkeep.v1.GrantStatistics.decode(r, r.size(), $undefined, q + 1, m.grants);
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return GetStatisticsResponse;
        })();

        v1.GrantStatistics = (function() {

            const GrantStatistics = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            GrantStatistics.prototype.waitSeconds = null;
            GrantStatistics.prototype.recalls = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            GrantStatistics.prototype.refusals = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            GrantStatistics.prototype.suspensions = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            GrantStatistics.create = function(properties) {
                return new GrantStatistics(properties);
            };

            GrantStatistics.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.waitSeconds != null && $Object.hasOwnProperty.call(m, "waitSeconds"))
                    $root.barkeep.v1.Histogram.encode(m.waitSeconds, w.uint32(10).fork(), q + 1).ldelim();
                if (m.recalls != null && $Object.hasOwnProperty.call(m, "recalls") && (typeof m.recalls === "object" ? m.recalls.low || m.recalls.high : m.recalls !== 0))
                    w.uint32(16).uint64(m.recalls);
                if (m.refusals != null && $Object.hasOwnProperty.call(m, "refusals") && (typeof m.refusals === "object" ? m.refusals.low || m.refusals.high : m.refusals !== 0))
                    w.uint32(24).uint64(m.refusals);
                if (m.suspensions != null && $Object.hasOwnProperty.call(m, "suspensions") && (typeof m.suspensions === "object" ? m.suspensions.low || m.suspensions.high : m.suspensions !== 0))
                    w.uint32(32).uint64(m.suspensions);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            GrantStatistics.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.GrantStatistics();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            m.waitSeconds = $root.barkeep.v1.Histogram.decode(r, r.size(), $undefined, q + 1, m.waitSeconds);
                            continue;
                        }
                    case 2: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.recalls = v;
                            else
                                delete m.recalls;
                            continue;
                        }
                    case 3: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.refusals = v;
                            else
                                delete m.refusals;
                            continue;
                        }
                    case 4: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.suspensions = v;
                            else
                                delete m.suspensions;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return GrantStatistics;
        })();

        v1.JournalStatistics = (function() {

            const JournalStatistics = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            JournalStatistics.prototype.active = false;
            JournalStatistics.prototype.whole = false;
            JournalStatistics.prototype.size = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            JournalStatistics.prototype.records = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            JournalStatistics.prototype.bytes = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            JournalStatistics.prototype.snapshots = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            JournalStatistics.prototype.errors = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            JournalStatistics.prototype.storedFds = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            JournalStatistics.prototype.storeErrors = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            JournalStatistics.create = function(properties) {
                return new JournalStatistics(properties);
            };

            JournalStatistics.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.active != null && $Object.hasOwnProperty.call(m, "active") && m.active !== false)
                    w.uint32(8).bool(m.active);
                if (m.whole != null && $Object.hasOwnProperty.call(m, "whole") && m.whole !== false)
                    w.uint32(16).bool(m.whole);
                if (m.size != null && $Object.hasOwnProperty.call(m, "size") && (typeof m.size === "object" ? m.size.low || m.size.high : m.size !== 0))
                    w.uint32(24).uint64(m.size);
                if (m.records != null && $Object.hasOwnProperty.call(m, "records") && (typeof m.records === "object" ? m.records.low || m.records.high : m.records !== 0))
                    w.uint32(32).uint64(m.records);
                if (m.bytes != null && $Object.hasOwnProperty.call(m, "bytes") && (typeof m.bytes === "object" ? m.bytes.low || m.bytes.high : m.bytes !== 0))
                    w.uint32(40).uint64(m.bytes);
                if (m.snapshots != null && $Object.hasOwnProperty.call(m, "snapshots") && (typeof m.snapshots === "object" ? m.snapshots.low || m.snapshots.high : m.snapshots !== 0))
                    w.uint32(48).uint64(m.snapshots);
                if (m.errors != null && $Object.hasOwnProperty.call(m, "errors") && (typeof m.errors === "object" ? m.errors.low || m.errors.high : m.errors !== 0))
                    w.uint32(56).uint64(m.errors);
                if (m.storedFds != null && $Object.hasOwnProperty.call(m, "storedFds") && (typeof m.storedFds === "object" ? m.storedFds.low || m.storedFds.high : m.storedFds !== 0))
                    w.uint32(64).uint64(m.storedFds);
                if (m.storeErrors != null && $Object.hasOwnProperty.call(m, "storeErrors") && (typeof m.storeErrors === "object" ? m.storeErrors.low || m.storeErrors.high : m.storeErrors !== 0))
                    w.uint32(72).uint64(m.storeErrors);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            JournalStatistics.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.JournalStatistics();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 0)
                                break;
                            if (v = r.bool())
                                m.active = v;
                            else
                                delete m.active;
                            continue;
                        }
                    case 2: {
                            if (u !== 0)
                                break;
                            if (v = r.bool())
                                m.whole = v;
                            else
                                delete m.whole;
                            continue;
                        }
                    case 3: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.size = v;
                            else
                                delete m.size;
                            continue;
                        }
                    case 4: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.records = v;
                            else
                                delete m.records;
                            continue;
                        }
                    case 5: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.bytes = v;
                            else
                                delete m.bytes;
                            continue;
                        }
                    case 6: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.snapshots = v;
                            else
                                delete m.snapshots;
                            continue;
                        }
                    case 7: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.errors = v;
                            else
                                delete m.errors;
                            continue;
                        }
                    case 8: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.storedFds = v;
                            else
                                delete m.storedFds;
                            continue;
                        }
                    case 9: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.storeErrors = v;
                            else
                                delete m.storeErrors;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return JournalStatistics;
        })();

        v1.RecoveryStatistics = (function() {

            const RecoveryStatistics = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            RecoveryStatistics.prototype.vmsAdopted = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            RecoveryStatistics.prototype.vmsLost = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            RecoveryStatistics.prototype.fdsAdopted = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            RecoveryStatistics.prototype.fdsOrphaned = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            RecoveryStatistics.prototype.records = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            RecoveryStatistics.prototype.tornBytes = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            RecoveryStatistics.prototype.seconds = 0;

            RecoveryStatistics.create = function(properties) {
                return new RecoveryStatistics(properties);
            };

            RecoveryStatistics.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.vmsAdopted != null && $Object.hasOwnProperty.call(m, "vmsAdopted") && (typeof m.vmsAdopted === "object" ? m.vmsAdopted.low || m.vmsAdopted.high : m.vmsAdopted !== 0))
                    w.uint32(8).uint64(m.vmsAdopted);
                if (m.vmsLost != null && $Object.hasOwnProperty.call(m, "vmsLost") && (typeof m.vmsLost === "object" ? m.vmsLost.low || m.vmsLost.high : m.vmsLost !== 0))
                    w.uint32(16).uint64(m.vmsLost);
                if (m.fdsAdopted != null && $Object.hasOwnProperty.call(m, "fdsAdopted") && (typeof m.fdsAdopted === "object" ? m.fdsAdopted.low || m.fdsAdopted.high : m.fdsAdopted !== 0))
                    w.uint32(24).uint64(m.fdsAdopted);
                if (m.fdsOrphaned != null && $Object.hasOwnProperty.call(m, "fdsOrphaned") && (typeof m.fdsOrphaned === "object" ? m.fdsOrphaned.low || m.fdsOrphaned.high : m.fdsOrphaned !== 0))
                    w.uint32(32).uint64(m.fdsOrphaned);
                if (m.records != null && $Object.hasOwnProperty.call(m, "records") && (typeof m.records === "object" ? m.records.low || m.records.high : m.records !== 0))
                    w.uint32(40).uint64(m.records);
                if (m.tornBytes != null && $Object.hasOwnProperty.call(m, "tornBytes") && (typeof m.tornBytes === "object" ? m.tornBytes.low || m.tornBytes.high : m.tornBytes !== 0))
                    w.uint32(48).uint64(m.tornBytes);
                if (m.seconds != null && $Object.hasOwnProperty.call(m, "seconds") && !$Object.is(m.seconds, 0))
                    w.uint32(57).double(m.seconds);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            RecoveryStatistics.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.RecoveryStatistics();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.vmsAdopted = v;
                            else
                                delete m.vmsAdopted;
                            continue;
                        }
                    case 2: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.vmsLost = v;
                            else
                                delete m.vmsLost;
                            continue;
                        }
                    case 3: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.fdsAdopted = v;
                            else
                                delete m.fdsAdopted;
                            continue;
                        }
                    case 4: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.fdsOrphaned = v;
                            else
                                delete m.fdsOrphaned;
                            continue;
                        }
                    case 5: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.records = v;
                            else
                                delete m.records;
                            continue;
                        }
                    case 6: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.tornBytes = v;
                            else
                                delete m.tornBytes;
                            continue;
                        }
                    case 7: {
                            if (u !== 1)
                                break;
                            if (!$Object.is(v = r.double(), 0))
                                m.seconds = v;
                            else
                                delete m.seconds;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return RecoveryStatistics;
        })();

        v1.VmStatistics = (function() {

            const VmStatistics = function (p) {
                this.caches = [];
                this.operations = [];
                this.refusals = [];
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            VmStatistics.prototype.vm = null;
            VmStatistics.prototype.window = null;
            VmStatistics.prototype.caches = $util.emptyArray;
            VmStatistics.prototype.operations = $util.emptyArray;
            VmStatistics.prototype.refusals = $util.emptyArray;
            VmStatistics.prototype.frontend = null;

            VmStatistics.create = function(properties) {
                return new VmStatistics(properties);
            };

            VmStatistics.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.vm != null && $Object.hasOwnProperty.call(m, "vm"))
                    $root.barkeep.v1.Vm.encode(m.vm, w.uint32(10).fork(), q + 1).ldelim();
                if (m.window != null && $Object.hasOwnProperty.call(m, "window"))
                    $root.barkeep.v1.Window.encode(m.window, w.uint32(18).fork(), q + 1).ldelim();
                if (m.caches != null && m.caches.length) {
                    for (var i = 0; i < m.caches.length; ++i)
                        $root.barkeep.v1.CacheStatistics.encode(m.caches[i], w.uint32(26).fork(), q + 1).ldelim();
                }
                if (m.operations != null && m.operations.length) {
                    for (var i = 0; i < m.operations.length; ++i)
                        $root.barkeep.v1.OperationCount.encode(m.operations[i], w.uint32(34).fork(), q + 1).ldelim();
                }
                if (m.refusals != null && m.refusals.length) {
                    for (var i = 0; i < m.refusals.length; ++i)
                        $root.barkeep.v1.RefusalCount.encode(m.refusals[i], w.uint32(42).fork(), q + 1).ldelim();
                }
                if (m.frontend != null && $Object.hasOwnProperty.call(m, "frontend"))
                    $root.barkeep.v1.FrontendStatistics.encode(m.frontend, w.uint32(50).fork(), q + 1).ldelim();
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            VmStatistics.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.VmStatistics();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            m.vm = $root.barkeep.v1.Vm.decode(r, r.size(), $undefined, q + 1, m.vm);
                            continue;
                        }
                    case 2: {
                            if (u !== 2)
                                break;
                            m.window = $root.barkeep.v1.Window.decode(r, r.size(), $undefined, q + 1, m.window);
                            continue;
                        }
                    case 3: {
                            if (u !== 2)
                                break;
                            if (!(m.caches && m.caches.length))
                                m.caches = [];
                            m.caches.push($root.barkeep.v1.CacheStatistics.decode(r, r.size(), $undefined, q + 1));
                            continue;
                        }
                    case 4: {
                            if (u !== 2)
                                break;
                            if (!(m.operations && m.operations.length))
                                m.operations = [];
                            m.operations.push($root.barkeep.v1.OperationCount.decode(r, r.size(), $undefined, q + 1));
                            continue;
                        }
                    case 5: {
                            if (u !== 2)
                                break;
                            if (!(m.refusals && m.refusals.length))
                                m.refusals = [];
                            m.refusals.push($root.barkeep.v1.RefusalCount.decode(r, r.size(), $undefined, q + 1));
                            continue;
                        }
                    case 6: {
                            if (u !== 2)
                                break;
                            m.frontend = $root.barkeep.v1.FrontendStatistics.decode(r, r.size(), $undefined, q + 1, m.frontend);
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return VmStatistics;
        })();

        v1.CacheStatistics = (function() {

            const CacheStatistics = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            CacheStatistics.prototype.cache = 0;
            CacheStatistics.prototype.mappings = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            CacheStatistics.prototype.mappedBytes = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            CacheStatistics.create = function(properties) {
                return new CacheStatistics(properties);
            };

            CacheStatistics.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.cache != null && $Object.hasOwnProperty.call(m, "cache") && m.cache !== 0)
                    w.uint32(8).int32(m.cache);
                if (m.mappings != null && $Object.hasOwnProperty.call(m, "mappings") && (typeof m.mappings === "object" ? m.mappings.low || m.mappings.high : m.mappings !== 0))
                    w.uint32(16).uint64(m.mappings);
                if (m.mappedBytes != null && $Object.hasOwnProperty.call(m, "mappedBytes") && (typeof m.mappedBytes === "object" ? m.mappedBytes.low || m.mappedBytes.high : m.mappedBytes !== 0))
                    w.uint32(24).uint64(m.mappedBytes);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            CacheStatistics.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.CacheStatistics();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 0)
                                break;
                            if (v = r.int32())
                                m.cache = v;
                            else
                                delete m.cache;
                            continue;
                        }
                    case 2: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.mappings = v;
                            else
                                delete m.mappings;
                            continue;
                        }
                    case 3: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.mappedBytes = v;
                            else
                                delete m.mappedBytes;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return CacheStatistics;
        })();

        v1.OperationCount = (function() {

            const OperationCount = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            OperationCount.prototype.operation = "";
            OperationCount.prototype.result = "";
            OperationCount.prototype.count = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            OperationCount.create = function(properties) {
                return new OperationCount(properties);
            };

            OperationCount.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.operation != null && $Object.hasOwnProperty.call(m, "operation") && m.operation !== "")
                    w.uint32(10).string(m.operation);
                if (m.result != null && $Object.hasOwnProperty.call(m, "result") && m.result !== "")
                    w.uint32(18).string(m.result);
                if (m.count != null && $Object.hasOwnProperty.call(m, "count") && (typeof m.count === "object" ? m.count.low || m.count.high : m.count !== 0))
                    w.uint32(24).uint64(m.count);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            OperationCount.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.OperationCount();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.operation = v;
                            else
                                delete m.operation;
                            continue;
                        }
                    case 2: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.result = v;
                            else
                                delete m.result;
                            continue;
                        }
                    case 3: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.count = v;
                            else
                                delete m.count;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return OperationCount;
        })();

        v1.RefusalCount = (function() {

            const RefusalCount = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            RefusalCount.prototype.reason = 0;
            RefusalCount.prototype.count = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            RefusalCount.create = function(properties) {
                return new RefusalCount(properties);
            };

            RefusalCount.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.reason != null && $Object.hasOwnProperty.call(m, "reason") && m.reason !== 0)
                    w.uint32(8).int32(m.reason);
                if (m.count != null && $Object.hasOwnProperty.call(m, "count") && (typeof m.count === "object" ? m.count.low || m.count.high : m.count !== 0))
                    w.uint32(16).uint64(m.count);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            RefusalCount.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.RefusalCount();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 0)
                                break;
                            if (v = r.int32())
                                m.reason = v;
                            else
                                delete m.reason;
                            continue;
                        }
                    case 2: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.count = v;
                            else
                                delete m.count;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return RefusalCount;
        })();

        v1.BrokerService = (function() {

            const BrokerService = function(rpcImpl, requestDelimited, responseDelimited) {
                $protobuf.rpc.Service.call(this, rpcImpl, requestDelimited, responseDelimited);
            };

            $Object.defineProperty(BrokerService.prototype = $Object.create($protobuf.rpc.Service.prototype), "constructor", { value: BrokerService, writable: true, enumerable: false, configurable: true });

            BrokerService.create = function(rpcImpl, requestDelimited, responseDelimited) {
                return new this(rpcImpl, requestDelimited, responseDelimited);
            };



            $Object.defineProperties(BrokerService.prototype.session = function(request, callback) {
                return $protobuf.rpc.Service.prototype.rpcCall.call(this, BrokerService.prototype.session, $root.barkeep.v1.SessionRequest, $root.barkeep.v1.SessionResponse, request, callback);
            }, {
                name: { value: "Session" },
                path: { value: "/barkeep.v1.BrokerService/Session" },
                requestType: { value: "SessionRequest" },
                responseType: { value: "SessionResponse" },
                requestStream: { value: true },
                responseStream: { value: true }
            });



            $Object.defineProperties(BrokerService.prototype.attachVm = function(request, callback) {
                return $protobuf.rpc.Service.prototype.rpcCall.call(this, BrokerService.prototype.attachVm, $root.barkeep.v1.AttachVmRequest, $root.barkeep.v1.AttachVmResponse, request, callback);
            }, {
                name: { value: "AttachVm" },
                path: { value: "/barkeep.v1.BrokerService/AttachVm" },
                requestType: { value: "AttachVmRequest" },
                responseType: { value: "AttachVmResponse" },
                requestStream: { value: $undefined },
                responseStream: { value: $undefined }
            });



            $Object.defineProperties(BrokerService.prototype.detachVm = function(request, callback) {
                return $protobuf.rpc.Service.prototype.rpcCall.call(this, BrokerService.prototype.detachVm, $root.barkeep.v1.DetachVmRequest, $root.barkeep.v1.DetachVmResponse, request, callback);
            }, {
                name: { value: "DetachVm" },
                path: { value: "/barkeep.v1.BrokerService/DetachVm" },
                requestType: { value: "DetachVmRequest" },
                responseType: { value: "DetachVmResponse" },
                requestStream: { value: $undefined },
                responseStream: { value: $undefined }
            });



            $Object.defineProperties(BrokerService.prototype.createBlob = function(request, callback) {
                return $protobuf.rpc.Service.prototype.rpcCall.call(this, BrokerService.prototype.createBlob, $root.barkeep.v1.CreateBlobRequest, $root.barkeep.v1.CreateBlobResponse, request, callback);
            }, {
                name: { value: "CreateBlob" },
                path: { value: "/barkeep.v1.BrokerService/CreateBlob" },
                requestType: { value: "CreateBlobRequest" },
                responseType: { value: "CreateBlobResponse" },
                requestStream: { value: $undefined },
                responseStream: { value: $undefined }
            });



            $Object.defineProperties(BrokerService.prototype.mapBlob = function(request, callback) {
                return $protobuf.rpc.Service.prototype.rpcCall.call(this, BrokerService.prototype.mapBlob, $root.barkeep.v1.MapBlobRequest, $root.barkeep.v1.MapBlobResponse, request, callback);
            }, {
                name: { value: "MapBlob" },
                path: { value: "/barkeep.v1.BrokerService/MapBlob" },
                requestType: { value: "MapBlobRequest" },
                responseType: { value: "MapBlobResponse" },
                requestStream: { value: $undefined },
                responseStream: { value: $undefined }
            });



            $Object.defineProperties(BrokerService.prototype.unmapBlob = function(request, callback) {
                return $protobuf.rpc.Service.prototype.rpcCall.call(this, BrokerService.prototype.unmapBlob, $root.barkeep.v1.UnmapBlobRequest, $root.barkeep.v1.UnmapBlobResponse, request, callback);
            }, {
                name: { value: "UnmapBlob" },
                path: { value: "/barkeep.v1.BrokerService/UnmapBlob" },
                requestType: { value: "UnmapBlobRequest" },
                responseType: { value: "UnmapBlobResponse" },
                requestStream: { value: $undefined },
                responseStream: { value: $undefined }
            });



            $Object.defineProperties(BrokerService.prototype.destroyBlob = function(request, callback) {
                return $protobuf.rpc.Service.prototype.rpcCall.call(this, BrokerService.prototype.destroyBlob, $root.barkeep.v1.DestroyBlobRequest, $root.barkeep.v1.DestroyBlobResponse, request, callback);
            }, {
                name: { value: "DestroyBlob" },
                path: { value: "/barkeep.v1.BrokerService/DestroyBlob" },
                requestType: { value: "DestroyBlobRequest" },
                responseType: { value: "DestroyBlobResponse" },
                requestStream: { value: $undefined },
                responseStream: { value: $undefined }
            });



            $Object.defineProperties(BrokerService.prototype.resetVm = function(request, callback) {
                return $protobuf.rpc.Service.prototype.rpcCall.call(this, BrokerService.prototype.resetVm, $root.barkeep.v1.ResetVmRequest, $root.barkeep.v1.ResetVmResponse, request, callback);
            }, {
                name: { value: "ResetVm" },
                path: { value: "/barkeep.v1.BrokerService/ResetVm" },
                requestType: { value: "ResetVmRequest" },
                responseType: { value: "ResetVmResponse" },
                requestStream: { value: $undefined },
                responseStream: { value: $undefined }
            });

            return BrokerService;
        })();

        v1.SessionRequest = (function() {

            const SessionRequest = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            SessionRequest.prototype.attach = null;
            SessionRequest.prototype.batch = null;
            SessionRequest.prototype.statistics = null;
            SessionRequest.prototype.detach = null;
            SessionRequest.prototype.accounts = null;
            SessionRequest.prototype.grantRequest = null;
            SessionRequest.prototype.memoryRequest = null;

            let $oneOfFields;

            $Object.defineProperty(SessionRequest.prototype, "kind", {
                get: $util.oneOfGetter($oneOfFields = ["attach", "batch", "statistics", "detach", "accounts", "grantRequest", "memoryRequest"]),
                set: $util.oneOfSetter($oneOfFields)
            });

            SessionRequest.create = function(properties) {
                return new SessionRequest(properties);
            };

            SessionRequest.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.attach != null && $Object.hasOwnProperty.call(m, "attach"))
                    $root.barkeep.v1.Attach.encode(m.attach, w.uint32(10).fork(), q + 1).ldelim();
                if (m.batch != null && $Object.hasOwnProperty.call(m, "batch"))
                    $root.barkeep.v1.Batch.encode(m.batch, w.uint32(18).fork(), q + 1).ldelim();
                if (m.statistics != null && $Object.hasOwnProperty.call(m, "statistics"))
                    $root.barkeep.v1.FrontendStatistics.encode(m.statistics, w.uint32(26).fork(), q + 1).ldelim();
                if (m.detach != null && $Object.hasOwnProperty.call(m, "detach"))
                    $root.barkeep.v1.Detach.encode(m.detach, w.uint32(34).fork(), q + 1).ldelim();
                if (m.accounts != null && $Object.hasOwnProperty.call(m, "accounts"))
                    $root.barkeep.v1.Accounts.encode(m.accounts, w.uint32(42).fork(), q + 1).ldelim();
                if (m.grantRequest != null && $Object.hasOwnProperty.call(m, "grantRequest"))
                    $root.barkeep.v1.GrantRequest.encode(m.grantRequest, w.uint32(50).fork(), q + 1).ldelim();
                if (m.memoryRequest != null && $Object.hasOwnProperty.call(m, "memoryRequest"))
                    $root.barkeep.v1.MemoryRequest.encode(m.memoryRequest, w.uint32(58).fork(), q + 1).ldelim();
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            SessionRequest.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.SessionRequest();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            m.attach = $root.barkeep.v1.Attach.decode(r, r.size(), $undefined, q + 1, m.attach);
                            m.kind = "attach";
                            continue;
                        }
                    case 2: {
                            if (u !== 2)
                                break;
                            m.batch = $root.barkeep.v1.Batch.decode(r, r.size(), $undefined, q + 1, m.batch);
                            m.kind = "batch";
                            continue;
                        }
                    case 3: {
                            if (u !== 2)
                                break;
                            m.statistics = $root.barkeep.v1.FrontendStatistics.decode(r, r.size(), $undefined, q + 1, m.statistics);
                            m.kind = "statistics";
                            continue;
                        }
                    case 4: {
                            if (u !== 2)
                                break;
                            m.detach = $root.barkeep.v1.Detach.decode(r, r.size(), $undefined, q + 1, m.detach);
                            m.kind = "detach";
                            continue;
                        }
                    case 5: {
                            if (u !== 2)
                                break;
                            m.accounts = $root.barkeep.v1.Accounts.decode(r, r.size(), $undefined, q + 1, m.accounts);
                            m.kind = "accounts";
                            continue;
                        }
                    case 6: {
                            if (u !== 2)
                                break;
                            m.grantRequest = $root.barkeep.v1.GrantRequest.decode(r, r.size(), $undefined, q + 1, m.grantRequest);
                            m.kind = "grantRequest";
                            continue;
                        }
                    case 7: {
                            if (u !== 2)
                                break;
                            m.memoryRequest = $root.barkeep.v1.MemoryRequest.decode(r, r.size(), $undefined, q + 1, m.memoryRequest);
                            m.kind = "memoryRequest";
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return SessionRequest;
        })();

        v1.SessionResponse = (function() {

            const SessionResponse = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            SessionResponse.prototype.attached = null;
            SessionResponse.prototype.batch = null;
            SessionResponse.prototype.entered = null;
            SessionResponse.prototype.grant = null;
            SessionResponse.prototype.recall = null;
            SessionResponse.prototype.revoked = null;
            SessionResponse.prototype.memory = null;

            let $oneOfFields;

            $Object.defineProperty(SessionResponse.prototype, "kind", {
                get: $util.oneOfGetter($oneOfFields = ["attached", "batch", "entered", "grant", "recall", "revoked", "memory"]),
                set: $util.oneOfSetter($oneOfFields)
            });

            SessionResponse.create = function(properties) {
                return new SessionResponse(properties);
            };

            SessionResponse.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.attached != null && $Object.hasOwnProperty.call(m, "attached"))
                    $root.barkeep.v1.Attached.encode(m.attached, w.uint32(10).fork(), q + 1).ldelim();
                if (m.batch != null && $Object.hasOwnProperty.call(m, "batch"))
                    $root.barkeep.v1.BatchReply.encode(m.batch, w.uint32(18).fork(), q + 1).ldelim();
                if (m.entered != null && $Object.hasOwnProperty.call(m, "entered"))
                    $root.barkeep.v1.AccountsEntered.encode(m.entered, w.uint32(26).fork(), q + 1).ldelim();
                if (m.grant != null && $Object.hasOwnProperty.call(m, "grant"))
                    $root.barkeep.v1.Grant.encode(m.grant, w.uint32(34).fork(), q + 1).ldelim();
                if (m.recall != null && $Object.hasOwnProperty.call(m, "recall"))
                    $root.barkeep.v1.Recall.encode(m.recall, w.uint32(42).fork(), q + 1).ldelim();
                if (m.revoked != null && $Object.hasOwnProperty.call(m, "revoked"))
                    $root.barkeep.v1.Revoked.encode(m.revoked, w.uint32(50).fork(), q + 1).ldelim();
                if (m.memory != null && $Object.hasOwnProperty.call(m, "memory"))
                    $root.barkeep.v1.Memory.encode(m.memory, w.uint32(58).fork(), q + 1).ldelim();
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            SessionResponse.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.SessionResponse();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            m.attached = $root.barkeep.v1.Attached.decode(r, r.size(), $undefined, q + 1, m.attached);
                            m.kind = "attached";
                            continue;
                        }
                    case 2: {
                            if (u !== 2)
                                break;
                            m.batch = $root.barkeep.v1.BatchReply.decode(r, r.size(), $undefined, q + 1, m.batch);
                            m.kind = "batch";
                            continue;
                        }
                    case 3: {
                            if (u !== 2)
                                break;
                            m.entered = $root.barkeep.v1.AccountsEntered.decode(r, r.size(), $undefined, q + 1, m.entered);
                            m.kind = "entered";
                            continue;
                        }
                    case 4: {
                            if (u !== 2)
                                break;
                            m.grant = $root.barkeep.v1.Grant.decode(r, r.size(), $undefined, q + 1, m.grant);
                            m.kind = "grant";
                            continue;
                        }
                    case 5: {
                            if (u !== 2)
                                break;
                            m.recall = $root.barkeep.v1.Recall.decode(r, r.size(), $undefined, q + 1, m.recall);
                            m.kind = "recall";
                            continue;
                        }
                    case 6: {
                            if (u !== 2)
                                break;
                            m.revoked = $root.barkeep.v1.Revoked.decode(r, r.size(), $undefined, q + 1, m.revoked);
                            m.kind = "revoked";
                            continue;
                        }
                    case 7: {
                            if (u !== 2)
                                break;
                            m.memory = $root.barkeep.v1.Memory.decode(r, r.size(), $undefined, q + 1, m.memory);
                            m.kind = "memory";
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return SessionResponse;
        })();

        v1.Attach = (function() {

            const Attach = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            Attach.prototype.vm = "";
            Attach.prototype.secret = "";
            Attach.prototype.session = $util.newBuffer([]);
            Attach.prototype.decides = false;
            Attach.prototype.asksMemory = false;

            Attach.create = function(properties) {
                return new Attach(properties);
            };

            Attach.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.vm != null && $Object.hasOwnProperty.call(m, "vm") && m.vm !== "")
                    w.uint32(10).string(m.vm);
                if (m.secret != null && $Object.hasOwnProperty.call(m, "secret") && m.secret !== "")
                    w.uint32(18).string(m.secret);
                if (m.session != null && $Object.hasOwnProperty.call(m, "session") && m.session.length)
                    w.uint32(26).bytes(m.session);
                if (m.decides != null && $Object.hasOwnProperty.call(m, "decides") && m.decides !== false)
                    w.uint32(32).bool(m.decides);
                if (m.asksMemory != null && $Object.hasOwnProperty.call(m, "asksMemory") && m.asksMemory !== false)
                    w.uint32(40).bool(m.asksMemory);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            Attach.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.Attach();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.vm = v;
                            else
                                delete m.vm;
                            continue;
                        }
                    case 2: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.secret = v;
                            else
                                delete m.secret;
                            continue;
                        }
                    case 3: {
                            if (u !== 2)
                                break;
                            if ((v = r.bytes()).length)
                                m.session = v;
                            else
                                delete m.session;
                            continue;
                        }
                    case 4: {
                            if (u !== 0)
                                break;
                            if (v = r.bool())
                                m.decides = v;
                            else
                                delete m.decides;
                            continue;
                        }
                    case 5: {
                            if (u !== 0)
                                break;
                            if (v = r.bool())
                                m.asksMemory = v;
                            else
                                delete m.asksMemory;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return Attach;
        })();

        v1.Attached = (function() {

            const Attached = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            Attached.prototype.session = $util.newBuffer([]);
            Attached.prototype.resumed = false;
            Attached.prototype.lastNumber = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Attached.prototype.generation = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Attached.prototype.placement = 0;
            Attached.prototype.windowSize = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Attached.prototype.window = null;
            Attached.prototype.brokerVersion = "";
            Attached.prototype.scanouts = 0;
            Attached.prototype.blobAlignment = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Attached.prototype.grant = null;
            Attached.prototype.rules = null;
            Attached.prototype.accountsVersion = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Attached.prototype.knowsGrants = false;
            Attached.prototype.windowWanted = null;

            Attached.create = function(properties) {
                return new Attached(properties);
            };

            Attached.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.session != null && $Object.hasOwnProperty.call(m, "session") && m.session.length)
                    w.uint32(10).bytes(m.session);
                if (m.resumed != null && $Object.hasOwnProperty.call(m, "resumed") && m.resumed !== false)
                    w.uint32(16).bool(m.resumed);
                if (m.lastNumber != null && $Object.hasOwnProperty.call(m, "lastNumber") && (typeof m.lastNumber === "object" ? m.lastNumber.low || m.lastNumber.high : m.lastNumber !== 0))
                    w.uint32(24).uint64(m.lastNumber);
                if (m.generation != null && $Object.hasOwnProperty.call(m, "generation") && (typeof m.generation === "object" ? m.generation.low || m.generation.high : m.generation !== 0))
                    w.uint32(32).uint64(m.generation);
                if (m.placement != null && $Object.hasOwnProperty.call(m, "placement") && m.placement !== 0)
                    w.uint32(40).int32(m.placement);
                if (m.windowSize != null && $Object.hasOwnProperty.call(m, "windowSize") && (typeof m.windowSize === "object" ? m.windowSize.low || m.windowSize.high : m.windowSize !== 0))
                    w.uint32(48).uint64(m.windowSize);
                if (m.window != null && $Object.hasOwnProperty.call(m, "window"))
                    $root.barkeep.v1.MemoryHandle.encode(m.window, w.uint32(58).fork(), q + 1).ldelim();
                if (m.brokerVersion != null && $Object.hasOwnProperty.call(m, "brokerVersion") && m.brokerVersion !== "")
                    w.uint32(66).string(m.brokerVersion);
                if (m.scanouts != null && $Object.hasOwnProperty.call(m, "scanouts") && m.scanouts !== 0)
                    w.uint32(72).uint32(m.scanouts);
                if (m.blobAlignment != null && $Object.hasOwnProperty.call(m, "blobAlignment") && (typeof m.blobAlignment === "object" ? m.blobAlignment.low || m.blobAlignment.high : m.blobAlignment !== 0))
                    w.uint32(80).uint64(m.blobAlignment);
                if (m.grant != null && $Object.hasOwnProperty.call(m, "grant"))
                    $root.barkeep.v1.Grant.encode(m.grant, w.uint32(90).fork(), q + 1).ldelim();
                if (m.rules != null && $Object.hasOwnProperty.call(m, "rules"))
                    $root.barkeep.v1.Rules.encode(m.rules, w.uint32(98).fork(), q + 1).ldelim();
                if (m.accountsVersion != null && $Object.hasOwnProperty.call(m, "accountsVersion") && (typeof m.accountsVersion === "object" ? m.accountsVersion.low || m.accountsVersion.high : m.accountsVersion !== 0))
                    w.uint32(104).uint64(m.accountsVersion);
                if (m.knowsGrants != null && $Object.hasOwnProperty.call(m, "knowsGrants") && m.knowsGrants !== false)
                    w.uint32(112).bool(m.knowsGrants);
                if (m.windowWanted != null && $Object.hasOwnProperty.call(m, "windowWanted"))
                    $root.barkeep.v1.MemoryHandle.encode(m.windowWanted, w.uint32(122).fork(), q + 1).ldelim();
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            Attached.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.Attached();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if ((v = r.bytes()).length)
                                m.session = v;
                            else
                                delete m.session;
                            continue;
                        }
                    case 2: {
                            if (u !== 0)
                                break;
                            if (v = r.bool())
                                m.resumed = v;
                            else
                                delete m.resumed;
                            continue;
                        }
                    case 3: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.lastNumber = v;
                            else
                                delete m.lastNumber;
                            continue;
                        }
                    case 4: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.generation = v;
                            else
                                delete m.generation;
                            continue;
                        }
                    case 5: {
                            if (u !== 0)
                                break;
                            if (v = r.int32())
                                m.placement = v;
                            else
                                delete m.placement;
                            continue;
                        }
                    case 6: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.windowSize = v;
                            else
                                delete m.windowSize;
                            continue;
                        }
                    case 7: {
                            if (u !== 2)
                                break;
                            m.window = $root.barkeep.v1.MemoryHandle.decode(r, r.size(), $undefined, q + 1, m.window);
                            continue;
                        }
                    case 8: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.brokerVersion = v;
                            else
                                delete m.brokerVersion;
                            continue;
                        }
                    case 9: {
                            if (u !== 0)
                                break;
                            if (v = r.uint32())
                                m.scanouts = v;
                            else
                                delete m.scanouts;
                            continue;
                        }
                    case 10: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.blobAlignment = v;
                            else
                                delete m.blobAlignment;
                            continue;
                        }
                    case 11: {
                            if (u !== 2)
                                break;
                            m.grant = $root.barkeep.v1.Grant.decode(r, r.size(), $undefined, q + 1, m.grant);
                            continue;
                        }
                    case 12: {
                            if (u !== 2)
                                break;
                            m.rules = $root.barkeep.v1.Rules.decode(r, r.size(), $undefined, q + 1, m.rules);
                            continue;
                        }
                    case 13: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.accountsVersion = v;
                            else
                                delete m.accountsVersion;
                            continue;
                        }
                    case 14: {
                            if (u !== 0)
                                break;
                            if (v = r.bool())
                                m.knowsGrants = v;
                            else
                                delete m.knowsGrants;
                            continue;
                        }
                    case 15: {
                            if (u !== 2)
                                break;
                            m.windowWanted = $root.barkeep.v1.MemoryHandle.decode(r, r.size(), $undefined, q + 1, m.windowWanted);
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return Attached;
        })();

        v1.Rules = (function() {

            const Rules = function (p) {
                this.blobHeaps = [];
                this.heaps = [];
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            Rules.prototype.quotaBytes = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Rules.prototype.quotaMappings = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Rules.prototype.quotaAllocations = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Rules.prototype.defaultHeap = "";
            Rules.prototype.blobHeaps = $util.emptyArray;
            Rules.prototype.heaps = $util.emptyArray;
            Rules.prototype.populate = false;

            Rules.create = function(properties) {
                return new Rules(properties);
            };

            Rules.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.quotaBytes != null && $Object.hasOwnProperty.call(m, "quotaBytes") && (typeof m.quotaBytes === "object" ? m.quotaBytes.low || m.quotaBytes.high : m.quotaBytes !== 0))
                    w.uint32(8).uint64(m.quotaBytes);
                if (m.quotaMappings != null && $Object.hasOwnProperty.call(m, "quotaMappings") && (typeof m.quotaMappings === "object" ? m.quotaMappings.low || m.quotaMappings.high : m.quotaMappings !== 0))
                    w.uint32(16).uint64(m.quotaMappings);
                if (m.quotaAllocations != null && $Object.hasOwnProperty.call(m, "quotaAllocations") && (typeof m.quotaAllocations === "object" ? m.quotaAllocations.low || m.quotaAllocations.high : m.quotaAllocations !== 0))
                    w.uint32(24).uint64(m.quotaAllocations);
                if (m.defaultHeap != null && $Object.hasOwnProperty.call(m, "defaultHeap") && m.defaultHeap !== "")
                    w.uint32(34).string(m.defaultHeap);
                if (m.blobHeaps != null && m.blobHeaps.length) {
                    for (var i = 0; i < m.blobHeaps.length; ++i)
                        $root.barkeep.v1.BlobIdHeap.encode(m.blobHeaps[i], w.uint32(42).fork(), q + 1).ldelim();
                }
                if (m.heaps != null && m.heaps.length) {
                    for (var i = 0; i < m.heaps.length; ++i)
                        $root.barkeep.v1.HeapRules.encode(m.heaps[i], w.uint32(50).fork(), q + 1).ldelim();
                }
                if (m.populate != null && $Object.hasOwnProperty.call(m, "populate") && m.populate !== false)
                    w.uint32(56).bool(m.populate);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            Rules.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.Rules();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.quotaBytes = v;
                            else
                                delete m.quotaBytes;
                            continue;
                        }
                    case 2: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.quotaMappings = v;
                            else
                                delete m.quotaMappings;
                            continue;
                        }
                    case 3: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.quotaAllocations = v;
                            else
                                delete m.quotaAllocations;
                            continue;
                        }
                    case 4: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.defaultHeap = v;
                            else
                                delete m.defaultHeap;
                            continue;
                        }
                    case 5: {
                            if (u !== 2)
                                break;
                            if (!(m.blobHeaps && m.blobHeaps.length))
                                m.blobHeaps = [];
                            m.blobHeaps.push($root.barkeep.v1.BlobIdHeap.decode(r, r.size(), $undefined, q + 1));
                            continue;
                        }
                    case 6: {
                            if (u !== 2)
                                break;
                            if (!(m.heaps && m.heaps.length))
                                m.heaps = [];
                            m.heaps.push($root.barkeep.v1.HeapRules.decode(r, r.size(), $undefined, q + 1));
                            continue;
                        }
                    case 7: {
                            if (u !== 0)
                                break;
                            if (v = r.bool())
                                m.populate = v;
                            else
                                delete m.populate;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return Rules;
        })();

        v1.BlobIdHeap = (function() {

            const BlobIdHeap = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            BlobIdHeap.prototype.blobId = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            BlobIdHeap.prototype.heap = "";

            BlobIdHeap.create = function(properties) {
                return new BlobIdHeap(properties);
            };

            BlobIdHeap.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.blobId != null && $Object.hasOwnProperty.call(m, "blobId") && (typeof m.blobId === "object" ? m.blobId.low || m.blobId.high : m.blobId !== 0))
                    w.uint32(8).uint64(m.blobId);
                if (m.heap != null && $Object.hasOwnProperty.call(m, "heap") && m.heap !== "")
                    w.uint32(18).string(m.heap);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            BlobIdHeap.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.BlobIdHeap();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.blobId = v;
                            else
                                delete m.blobId;
                            continue;
                        }
                    case 2: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.heap = v;
                            else
                                delete m.heap;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return BlobIdHeap;
        })();

        v1.HeapRules = (function() {

            const HeapRules = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            HeapRules.prototype.name = "";
            HeapRules.prototype.backing = 0;
            HeapRules.prototype.cache = 0;
            HeapRules.prototype.granule = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            HeapRules.create = function(properties) {
                return new HeapRules(properties);
            };

            HeapRules.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.name != null && $Object.hasOwnProperty.call(m, "name") && m.name !== "")
                    w.uint32(10).string(m.name);
                if (m.backing != null && $Object.hasOwnProperty.call(m, "backing") && m.backing !== 0)
                    w.uint32(16).int32(m.backing);
                if (m.cache != null && $Object.hasOwnProperty.call(m, "cache") && m.cache !== 0)
                    w.uint32(24).int32(m.cache);
                if (m.granule != null && $Object.hasOwnProperty.call(m, "granule") && (typeof m.granule === "object" ? m.granule.low || m.granule.high : m.granule !== 0))
                    w.uint32(32).uint64(m.granule);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            HeapRules.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.HeapRules();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.name = v;
                            else
                                delete m.name;
                            continue;
                        }
                    case 2: {
                            if (u !== 0)
                                break;
                            if (v = r.int32())
                                m.backing = v;
                            else
                                delete m.backing;
                            continue;
                        }
                    case 3: {
                            if (u !== 0)
                                break;
                            if (v = r.int32())
                                m.cache = v;
                            else
                                delete m.cache;
                            continue;
                        }
                    case 4: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.granule = v;
                            else
                                delete m.granule;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return HeapRules;
        })();

        v1.Grant = (function() {

            const Grant = function (p) {
                this.heaps = [];
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            Grant.prototype.heaps = $util.emptyArray;
            Grant.prototype.mappings = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Grant.prototype.allocations = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Grant.prototype.refusal = null;
            Grant.prototype.number = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            Grant.create = function(properties) {
                return new Grant(properties);
            };

            Grant.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.heaps != null && m.heaps.length) {
                    for (var i = 0; i < m.heaps.length; ++i)
                        $root.barkeep.v1.HeapAmount.encode(m.heaps[i], w.uint32(10).fork(), q + 1).ldelim();
                }
                if (m.mappings != null && $Object.hasOwnProperty.call(m, "mappings") && (typeof m.mappings === "object" ? m.mappings.low || m.mappings.high : m.mappings !== 0))
                    w.uint32(16).uint64(m.mappings);
                if (m.allocations != null && $Object.hasOwnProperty.call(m, "allocations") && (typeof m.allocations === "object" ? m.allocations.low || m.allocations.high : m.allocations !== 0))
                    w.uint32(24).uint64(m.allocations);
                if (m.refusal != null && $Object.hasOwnProperty.call(m, "refusal"))
                    $root.barkeep.v1.CommandError.encode(m.refusal, w.uint32(34).fork(), q + 1).ldelim();
                if (m.number != null && $Object.hasOwnProperty.call(m, "number") && (typeof m.number === "object" ? m.number.low || m.number.high : m.number !== 0))
                    w.uint32(40).uint64(m.number);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            Grant.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.Grant();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if (!(m.heaps && m.heaps.length))
                                m.heaps = [];
                            m.heaps.push($root.barkeep.v1.HeapAmount.decode(r, r.size(), $undefined, q + 1));
                            continue;
                        }
                    case 2: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.mappings = v;
                            else
                                delete m.mappings;
                            continue;
                        }
                    case 3: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.allocations = v;
                            else
                                delete m.allocations;
                            continue;
                        }
                    case 4: {
                            if (u !== 2)
                                break;
                            m.refusal = $root.barkeep.v1.CommandError.decode(r, r.size(), $undefined, q + 1, m.refusal);
                            continue;
                        }
                    case 5: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.number = v;
                            else
                                delete m.number;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return Grant;
        })();

        v1.HeapAmount = (function() {

            const HeapAmount = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            HeapAmount.prototype.heap = "";
            HeapAmount.prototype.bytes = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            HeapAmount.create = function(properties) {
                return new HeapAmount(properties);
            };

            HeapAmount.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.heap != null && $Object.hasOwnProperty.call(m, "heap") && m.heap !== "")
                    w.uint32(10).string(m.heap);
                if (m.bytes != null && $Object.hasOwnProperty.call(m, "bytes") && (typeof m.bytes === "object" ? m.bytes.low || m.bytes.high : m.bytes !== 0))
                    w.uint32(16).uint64(m.bytes);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            HeapAmount.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.HeapAmount();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.heap = v;
                            else
                                delete m.heap;
                            continue;
                        }
                    case 2: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.bytes = v;
                            else
                                delete m.bytes;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return HeapAmount;
        })();

        v1.GrantRequest = (function() {

            const GrantRequest = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            GrantRequest.prototype.wanted = null;
            GrantRequest.prototype.needed = null;
            GrantRequest.prototype.number = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            GrantRequest.create = function(properties) {
                return new GrantRequest(properties);
            };

            GrantRequest.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.wanted != null && $Object.hasOwnProperty.call(m, "wanted"))
                    $root.barkeep.v1.Amounts.encode(m.wanted, w.uint32(10).fork(), q + 1).ldelim();
                if (m.needed != null && $Object.hasOwnProperty.call(m, "needed"))
                    $root.barkeep.v1.Amounts.encode(m.needed, w.uint32(18).fork(), q + 1).ldelim();
                if (m.number != null && $Object.hasOwnProperty.call(m, "number") && (typeof m.number === "object" ? m.number.low || m.number.high : m.number !== 0))
                    w.uint32(24).uint64(m.number);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            GrantRequest.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.GrantRequest();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            m.wanted = $root.barkeep.v1.Amounts.decode(r, r.size(), $undefined, q + 1, m.wanted);
                            continue;
                        }
                    case 2: {
                            if (u !== 2)
                                break;
                            m.needed = $root.barkeep.v1.Amounts.decode(r, r.size(), $undefined, q + 1, m.needed);
                            continue;
                        }
                    case 3: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.number = v;
                            else
                                delete m.number;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return GrantRequest;
        })();

        v1.Amounts = (function() {

            const Amounts = function (p) {
                this.heaps = [];
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            Amounts.prototype.heaps = $util.emptyArray;
            Amounts.prototype.mappings = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Amounts.prototype.allocations = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            Amounts.create = function(properties) {
                return new Amounts(properties);
            };

            Amounts.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.heaps != null && m.heaps.length) {
                    for (var i = 0; i < m.heaps.length; ++i)
                        $root.barkeep.v1.HeapAmount.encode(m.heaps[i], w.uint32(10).fork(), q + 1).ldelim();
                }
                if (m.mappings != null && $Object.hasOwnProperty.call(m, "mappings") && (typeof m.mappings === "object" ? m.mappings.low || m.mappings.high : m.mappings !== 0))
                    w.uint32(16).uint64(m.mappings);
                if (m.allocations != null && $Object.hasOwnProperty.call(m, "allocations") && (typeof m.allocations === "object" ? m.allocations.low || m.allocations.high : m.allocations !== 0))
                    w.uint32(24).uint64(m.allocations);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            Amounts.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.Amounts();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if (!(m.heaps && m.heaps.length))
                                m.heaps = [];
                            m.heaps.push($root.barkeep.v1.HeapAmount.decode(r, r.size(), $undefined, q + 1));
                            continue;
                        }
                    case 2: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.mappings = v;
                            else
                                delete m.mappings;
                            continue;
                        }
                    case 3: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.allocations = v;
                            else
                                delete m.allocations;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return Amounts;
        })();

        v1.Recall = (function() {

            const Recall = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            Recall.create = function(properties) {
                return new Recall(properties);
            };

            Recall.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            Recall.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.Recall();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    r.skipType(t & 7, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return Recall;
        })();

        v1.Revoked = (function() {

            const Revoked = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            Revoked.prototype.message = "";

            Revoked.create = function(properties) {
                return new Revoked(properties);
            };

            Revoked.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.message != null && $Object.hasOwnProperty.call(m, "message") && m.message !== "")
                    w.uint32(10).string(m.message);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            Revoked.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.Revoked();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.message = v;
                            else
                                delete m.message;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return Revoked;
        })();

        v1.MemoryRequest = (function() {

            const MemoryRequest = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            MemoryRequest.prototype.number = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            MemoryRequest.prototype.heap = "";
            MemoryRequest.prototype.size = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            MemoryRequest.create = function(properties) {
                return new MemoryRequest(properties);
            };

            MemoryRequest.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.number != null && $Object.hasOwnProperty.call(m, "number") && (typeof m.number === "object" ? m.number.low || m.number.high : m.number !== 0))
                    w.uint32(8).uint64(m.number);
                if (m.heap != null && $Object.hasOwnProperty.call(m, "heap") && m.heap !== "")
                    w.uint32(18).string(m.heap);
                if (m.size != null && $Object.hasOwnProperty.call(m, "size") && (typeof m.size === "object" ? m.size.low || m.size.high : m.size !== 0))
                    w.uint32(24).uint64(m.size);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            MemoryRequest.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.MemoryRequest();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.number = v;
                            else
                                delete m.number;
                            continue;
                        }
                    case 2: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.heap = v;
                            else
                                delete m.heap;
                            continue;
                        }
                    case 3: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.size = v;
                            else
                                delete m.size;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return MemoryRequest;
        })();

        v1.Memory = (function() {

            const Memory = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            Memory.prototype.number = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Memory.prototype.memory = null;
            Memory.prototype.error = null;

            let $oneOfFields;

            $Object.defineProperty(Memory.prototype, "result", {
                get: $util.oneOfGetter($oneOfFields = ["memory", "error"]),
                set: $util.oneOfSetter($oneOfFields)
            });

            Memory.create = function(properties) {
                return new Memory(properties);
            };

            Memory.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.number != null && $Object.hasOwnProperty.call(m, "number") && (typeof m.number === "object" ? m.number.low || m.number.high : m.number !== 0))
                    w.uint32(8).uint64(m.number);
                if (m.memory != null && $Object.hasOwnProperty.call(m, "memory"))
                    $root.barkeep.v1.MemoryHandle.encode(m.memory, w.uint32(18).fork(), q + 1).ldelim();
                if (m.error != null && $Object.hasOwnProperty.call(m, "error"))
                    $root.barkeep.v1.CommandError.encode(m.error, w.uint32(26).fork(), q + 1).ldelim();
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            Memory.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.Memory();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.number = v;
                            else
                                delete m.number;
                            continue;
                        }
                    case 2: {
                            if (u !== 2)
                                break;
                            m.memory = $root.barkeep.v1.MemoryHandle.decode(r, r.size(), $undefined, q + 1, m.memory);
                            m.result = "memory";
                            continue;
                        }
                    case 3: {
                            if (u !== 2)
                                break;
                            m.error = $root.barkeep.v1.CommandError.decode(r, r.size(), $undefined, q + 1, m.error);
                            m.result = "error";
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return Memory;
        })();

        v1.Accounts = (function() {

            const Accounts = function (p) {
                this.destroyed = [];
                this.blobs = [];
                this.decisions = [];
                this.refusals = [];
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            Accounts.prototype.version = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Accounts.prototype.complete = false;
            Accounts.prototype.continues = false;
            Accounts.prototype.destroyed = $util.emptyArray;
            Accounts.prototype.blobs = $util.emptyArray;
            Accounts.prototype.generation = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Accounts.prototype.decisions = $util.emptyArray;
            Accounts.prototype.refusals = $util.emptyArray;
            Accounts.prototype.settledMemory = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            Accounts.create = function(properties) {
                return new Accounts(properties);
            };

            Accounts.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.version != null && $Object.hasOwnProperty.call(m, "version") && (typeof m.version === "object" ? m.version.low || m.version.high : m.version !== 0))
                    w.uint32(8).uint64(m.version);
                if (m.complete != null && $Object.hasOwnProperty.call(m, "complete") && m.complete !== false)
                    w.uint32(16).bool(m.complete);
                if (m.continues != null && $Object.hasOwnProperty.call(m, "continues") && m.continues !== false)
                    w.uint32(24).bool(m.continues);
                if (m.destroyed != null && m.destroyed.length) {
                    w.uint32(34).uint32s(m.destroyed);
                }
                if (m.blobs != null && m.blobs.length) {
                    for (var i = 0; i < m.blobs.length; ++i)
                        $root.barkeep.v1.BlobAccount.encode(m.blobs[i], w.uint32(42).fork(), q + 1).ldelim();
                }
                if (m.generation != null && $Object.hasOwnProperty.call(m, "generation") && (typeof m.generation === "object" ? m.generation.low || m.generation.high : m.generation !== 0))
                    w.uint32(48).uint64(m.generation);
                if (m.decisions != null && m.decisions.length) {
                    for (var i = 0; i < m.decisions.length; ++i)
                        $root.barkeep.v1.DecisionCount.encode(m.decisions[i], w.uint32(58).fork(), q + 1).ldelim();
                }
                if (m.refusals != null && m.refusals.length) {
                    for (var i = 0; i < m.refusals.length; ++i)
                        $root.barkeep.v1.RefusalTotal.encode(m.refusals[i], w.uint32(66).fork(), q + 1).ldelim();
                }
                if (m.settledMemory != null && $Object.hasOwnProperty.call(m, "settledMemory") && (typeof m.settledMemory === "object" ? m.settledMemory.low || m.settledMemory.high : m.settledMemory !== 0))
                    w.uint32(72).uint64(m.settledMemory);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            Accounts.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.Accounts();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.version = v;
                            else
                                delete m.version;
                            continue;
                        }
                    case 2: {
                            if (u !== 0)
                                break;
                            if (v = r.bool())
                                m.complete = v;
                            else
                                delete m.complete;
                            continue;
                        }
                    case 3: {
                            if (u !== 0)
                                break;
                            if (v = r.bool())
                                m.continues = v;
                            else
                                delete m.continues;
                            continue;
                        }
                    case 4: {
                            if (u === 2) {
                                if (!(m.destroyed && m.destroyed.length))
                                    m.destroyed = [];
                                r.uint32s(m.destroyed);
                                continue;
                            }
                            if (u !== 0)
                                break;
                            if (!(m.destroyed && m.destroyed.length))
                                m.destroyed = [];
                            m.destroyed.push(r.uint32());
                            continue;
                        }
                    case 5: {
                            if (u !== 2)
                                break;
                            if (!(m.blobs && m.blobs.length))
                                m.blobs = [];
                            m.blobs.push($root.barkeep.v1.BlobAccount.decode(r, r.size(), $undefined, q + 1));
                            continue;
                        }
                    case 6: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.generation = v;
                            else
                                delete m.generation;
                            continue;
                        }
                    case 7: {
                            if (u !== 2)
                                break;
                            if (!(m.decisions && m.decisions.length))
                                m.decisions = [];
                            m.decisions.push($root.barkeep.v1.DecisionCount.decode(r, r.size(), $undefined, q + 1));
                            continue;
                        }
                    case 8: {
                            if (u !== 2)
                                break;
                            if (!(m.refusals && m.refusals.length))
                                m.refusals = [];
                            m.refusals.push($root.barkeep.v1.RefusalTotal.decode(r, r.size(), $undefined, q + 1));
                            continue;
                        }
                    case 9: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.settledMemory = v;
                            else
                                delete m.settledMemory;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return Accounts;
        })();

        v1.DecisionCount = (function() {

            const DecisionCount = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            DecisionCount.prototype.operation = 0;
            DecisionCount.prototype.result = 0;
            DecisionCount.prototype.count = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            DecisionCount.create = function(properties) {
                return new DecisionCount(properties);
            };

            DecisionCount.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.operation != null && $Object.hasOwnProperty.call(m, "operation") && m.operation !== 0)
                    w.uint32(8).int32(m.operation);
                if (m.result != null && $Object.hasOwnProperty.call(m, "result") && m.result !== 0)
                    w.uint32(16).int32(m.result);
                if (m.count != null && $Object.hasOwnProperty.call(m, "count") && (typeof m.count === "object" ? m.count.low || m.count.high : m.count !== 0))
                    w.uint32(24).uint64(m.count);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            DecisionCount.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.DecisionCount();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 0)
                                break;
                            if (v = r.int32())
                                m.operation = v;
                            else
                                delete m.operation;
                            continue;
                        }
                    case 2: {
                            if (u !== 0)
                                break;
                            if (v = r.int32())
                                m.result = v;
                            else
                                delete m.result;
                            continue;
                        }
                    case 3: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.count = v;
                            else
                                delete m.count;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return DecisionCount;
        })();

        v1.OperationKind = (function() {
            const valuesById = $Object.create(null), values = $Object.create(valuesById);
            values[valuesById[0] = "OPERATION_KIND_UNSPECIFIED"] = 0;
            values[valuesById[1] = "OPERATION_KIND_CREATE"] = 1;
            values[valuesById[2] = "OPERATION_KIND_MAP"] = 2;
            values[valuesById[3] = "OPERATION_KIND_UNMAP"] = 3;
            values[valuesById[4] = "OPERATION_KIND_DESTROY"] = 4;
            values[valuesById[5] = "OPERATION_KIND_RESET"] = 5;
            return values;
        })();

        v1.DecisionResult = (function() {
            const valuesById = $Object.create(null), values = $Object.create(valuesById);
            values[valuesById[0] = "DECISION_RESULT_UNSPECIFIED"] = 0;
            values[valuesById[1] = "DECISION_RESULT_OK"] = 1;
            values[valuesById[2] = "DECISION_RESULT_NOOP"] = 2;
            values[valuesById[3] = "DECISION_RESULT_REFUSED"] = 3;
            values[valuesById[4] = "DECISION_RESULT_ABANDONED"] = 4;
            return values;
        })();

        v1.RefusalTotal = (function() {

            const RefusalTotal = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            RefusalTotal.prototype.reason = 0;
            RefusalTotal.prototype.count = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            RefusalTotal.create = function(properties) {
                return new RefusalTotal(properties);
            };

            RefusalTotal.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.reason != null && $Object.hasOwnProperty.call(m, "reason") && m.reason !== 0)
                    w.uint32(8).int32(m.reason);
                if (m.count != null && $Object.hasOwnProperty.call(m, "count") && (typeof m.count === "object" ? m.count.low || m.count.high : m.count !== 0))
                    w.uint32(16).uint64(m.count);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            RefusalTotal.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.RefusalTotal();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 0)
                                break;
                            if (v = r.int32())
                                m.reason = v;
                            else
                                delete m.reason;
                            continue;
                        }
                    case 2: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.count = v;
                            else
                                delete m.count;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return RefusalTotal;
        })();

        v1.BlobAccount = (function() {

            const BlobAccount = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            BlobAccount.prototype.created = null;
            BlobAccount.prototype.heap = "";
            BlobAccount.prototype.place = 0;
            BlobAccount.prototype.offset = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            BlobAccount.prototype.memory = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            BlobAccount.create = function(properties) {
                return new BlobAccount(properties);
            };

            BlobAccount.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.created != null && $Object.hasOwnProperty.call(m, "created"))
                    $root.barkeep.v1.CreateBlob.encode(m.created, w.uint32(10).fork(), q + 1).ldelim();
                if (m.heap != null && $Object.hasOwnProperty.call(m, "heap") && m.heap !== "")
                    w.uint32(18).string(m.heap);
                if (m.place != null && $Object.hasOwnProperty.call(m, "place") && m.place !== 0)
                    w.uint32(24).int32(m.place);
                if (m.offset != null && $Object.hasOwnProperty.call(m, "offset") && (typeof m.offset === "object" ? m.offset.low || m.offset.high : m.offset !== 0))
                    w.uint32(32).uint64(m.offset);
                if (m.memory != null && $Object.hasOwnProperty.call(m, "memory") && (typeof m.memory === "object" ? m.memory.low || m.memory.high : m.memory !== 0))
                    w.uint32(40).uint64(m.memory);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            BlobAccount.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.BlobAccount();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            m.created = $root.barkeep.v1.CreateBlob.decode(r, r.size(), $undefined, q + 1, m.created);
                            continue;
                        }
                    case 2: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.heap = v;
                            else
                                delete m.heap;
                            continue;
                        }
                    case 3: {
                            if (u !== 0)
                                break;
                            if (v = r.int32())
                                m.place = v;
                            else
                                delete m.place;
                            continue;
                        }
                    case 4: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.offset = v;
                            else
                                delete m.offset;
                            continue;
                        }
                    case 5: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.memory = v;
                            else
                                delete m.memory;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return BlobAccount;
        })();

        v1.BlobPlace = (function() {
            const valuesById = $Object.create(null), values = $Object.create(valuesById);
            values[valuesById[0] = "BLOB_PLACE_UNSPECIFIED"] = 0;
            values[valuesById[1] = "BLOB_PLACE_UNMAPPED"] = 1;
            values[valuesById[2] = "BLOB_PLACE_MAPPED"] = 2;
            values[valuesById[3] = "BLOB_PLACE_PARKED"] = 3;
            values[valuesById[4] = "BLOB_PLACE_STASHED"] = 4;
            return values;
        })();

        v1.AccountsEntered = (function() {

            const AccountsEntered = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            AccountsEntered.prototype.version = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            AccountsEntered.create = function(properties) {
                return new AccountsEntered(properties);
            };

            AccountsEntered.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.version != null && $Object.hasOwnProperty.call(m, "version") && (typeof m.version === "object" ? m.version.low || m.version.high : m.version !== 0))
                    w.uint32(8).uint64(m.version);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            AccountsEntered.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.AccountsEntered();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.version = v;
                            else
                                delete m.version;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return AccountsEntered;
        })();

        v1.Detach = (function() {

            const Detach = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            Detach.create = function(properties) {
                return new Detach(properties);
            };

            Detach.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            Detach.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.Detach();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    r.skipType(t & 7, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return Detach;
        })();

        v1.Batch = (function() {

            const Batch = function (p) {
                this.commands = [];
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            Batch.prototype.commands = $util.emptyArray;
            Batch.prototype.acknowledged = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            Batch.create = function(properties) {
                return new Batch(properties);
            };

            Batch.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.commands != null && m.commands.length) {
                    for (var i = 0; i < m.commands.length; ++i)
                        $root.barkeep.v1.Command.encode(m.commands[i], w.uint32(10).fork(), q + 1).ldelim();
                }
                if (m.acknowledged != null && $Object.hasOwnProperty.call(m, "acknowledged") && (typeof m.acknowledged === "object" ? m.acknowledged.low || m.acknowledged.high : m.acknowledged !== 0))
                    w.uint32(16).uint64(m.acknowledged);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            Batch.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.Batch();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if (!(m.commands && m.commands.length))
                                m.commands = [];
                            m.commands.push($root.barkeep.v1.Command.decode(r, r.size(), $undefined, q + 1));
                            continue;
                        }
                    case 2: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.acknowledged = v;
                            else
                                delete m.acknowledged;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return Batch;
        })();

        v1.Command = (function() {

            const Command = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            Command.prototype.number = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Command.prototype.create = null;
            Command.prototype.map = null;
            Command.prototype.unmap = null;
            Command.prototype.destroy = null;
            Command.prototype.reset = null;

            let $oneOfFields;

            $Object.defineProperty(Command.prototype, "operation", {
                get: $util.oneOfGetter($oneOfFields = ["create", "map", "unmap", "destroy", "reset"]),
                set: $util.oneOfSetter($oneOfFields)
            });

            Command.create = function(properties) {
                return new Command(properties);
            };

            Command.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.number != null && $Object.hasOwnProperty.call(m, "number") && (typeof m.number === "object" ? m.number.low || m.number.high : m.number !== 0))
                    w.uint32(8).uint64(m.number);
                if (m.create != null && $Object.hasOwnProperty.call(m, "create"))
                    $root.barkeep.v1.CreateBlob.encode(m.create, w.uint32(18).fork(), q + 1).ldelim();
                if (m.map != null && $Object.hasOwnProperty.call(m, "map"))
                    $root.barkeep.v1.MapBlob.encode(m.map, w.uint32(26).fork(), q + 1).ldelim();
                if (m.unmap != null && $Object.hasOwnProperty.call(m, "unmap"))
                    $root.barkeep.v1.UnmapBlob.encode(m.unmap, w.uint32(34).fork(), q + 1).ldelim();
                if (m.destroy != null && $Object.hasOwnProperty.call(m, "destroy"))
                    $root.barkeep.v1.DestroyBlob.encode(m.destroy, w.uint32(42).fork(), q + 1).ldelim();
                if (m.reset != null && $Object.hasOwnProperty.call(m, "reset"))
                    $root.barkeep.v1.Reset.encode(m.reset, w.uint32(50).fork(), q + 1).ldelim();
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            Command.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.Command();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.number = v;
                            else
                                delete m.number;
                            continue;
                        }
                    case 2: {
                            if (u !== 2)
                                break;
                            m.create = $root.barkeep.v1.CreateBlob.decode(r, r.size(), $undefined, q + 1, m.create);
                            m.operation = "create";
                            continue;
                        }
                    case 3: {
                            if (u !== 2)
                                break;
                            m.map = $root.barkeep.v1.MapBlob.decode(r, r.size(), $undefined, q + 1, m.map);
                            m.operation = "map";
                            continue;
                        }
                    case 4: {
                            if (u !== 2)
                                break;
                            m.unmap = $root.barkeep.v1.UnmapBlob.decode(r, r.size(), $undefined, q + 1, m.unmap);
                            m.operation = "unmap";
                            continue;
                        }
                    case 5: {
                            if (u !== 2)
                                break;
                            m.destroy = $root.barkeep.v1.DestroyBlob.decode(r, r.size(), $undefined, q + 1, m.destroy);
                            m.operation = "destroy";
                            continue;
                        }
                    case 6: {
                            if (u !== 2)
                                break;
                            m.reset = $root.barkeep.v1.Reset.decode(r, r.size(), $undefined, q + 1, m.reset);
                            m.operation = "reset";
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return Command;
        })();

        v1.BlobMemory = (function() {
            const valuesById = $Object.create(null), values = $Object.create(valuesById);
            values[valuesById[0] = "BLOB_MEMORY_UNSPECIFIED"] = 0;
            values[valuesById[2] = "BLOB_MEMORY_HOST3D"] = 2;
            values[valuesById[3] = "BLOB_MEMORY_HOST3D_GUEST"] = 3;
            return values;
        })();

        v1.CreateBlob = (function() {

            const CreateBlob = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            CreateBlob.prototype.contextId = 0;
            CreateBlob.prototype.resourceId = 0;
            CreateBlob.prototype.memory = 0;
            CreateBlob.prototype.flags = 0;
            CreateBlob.prototype.blobId = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            CreateBlob.prototype.size = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            CreateBlob.create = function(properties) {
                return new CreateBlob(properties);
            };

            CreateBlob.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.contextId != null && $Object.hasOwnProperty.call(m, "contextId") && m.contextId !== 0)
                    w.uint32(8).uint32(m.contextId);
                if (m.resourceId != null && $Object.hasOwnProperty.call(m, "resourceId") && m.resourceId !== 0)
                    w.uint32(16).uint32(m.resourceId);
                if (m.memory != null && $Object.hasOwnProperty.call(m, "memory") && m.memory !== 0)
                    w.uint32(24).int32(m.memory);
                if (m.flags != null && $Object.hasOwnProperty.call(m, "flags") && m.flags !== 0)
                    w.uint32(32).uint32(m.flags);
                if (m.blobId != null && $Object.hasOwnProperty.call(m, "blobId") && (typeof m.blobId === "object" ? m.blobId.low || m.blobId.high : m.blobId !== 0))
                    w.uint32(40).uint64(m.blobId);
                if (m.size != null && $Object.hasOwnProperty.call(m, "size") && (typeof m.size === "object" ? m.size.low || m.size.high : m.size !== 0))
                    w.uint32(48).uint64(m.size);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            CreateBlob.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.CreateBlob();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 0)
                                break;
                            if (v = r.uint32())
                                m.contextId = v;
                            else
                                delete m.contextId;
                            continue;
                        }
                    case 2: {
                            if (u !== 0)
                                break;
                            if (v = r.uint32())
                                m.resourceId = v;
                            else
                                delete m.resourceId;
                            continue;
                        }
                    case 3: {
                            if (u !== 0)
                                break;
                            if (v = r.int32())
                                m.memory = v;
                            else
                                delete m.memory;
                            continue;
                        }
                    case 4: {
                            if (u !== 0)
                                break;
                            if (v = r.uint32())
                                m.flags = v;
                            else
                                delete m.flags;
                            continue;
                        }
                    case 5: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.blobId = v;
                            else
                                delete m.blobId;
                            continue;
                        }
                    case 6: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.size = v;
                            else
                                delete m.size;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return CreateBlob;
        })();

        v1.MapBlob = (function() {

            const MapBlob = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            MapBlob.prototype.resourceId = 0;
            MapBlob.prototype.offset = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            MapBlob.create = function(properties) {
                return new MapBlob(properties);
            };

            MapBlob.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.resourceId != null && $Object.hasOwnProperty.call(m, "resourceId") && m.resourceId !== 0)
                    w.uint32(8).uint32(m.resourceId);
                if (m.offset != null && $Object.hasOwnProperty.call(m, "offset") && (typeof m.offset === "object" ? m.offset.low || m.offset.high : m.offset !== 0))
                    w.uint32(16).uint64(m.offset);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            MapBlob.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.MapBlob();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 0)
                                break;
                            if (v = r.uint32())
                                m.resourceId = v;
                            else
                                delete m.resourceId;
                            continue;
                        }
                    case 2: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.offset = v;
                            else
                                delete m.offset;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return MapBlob;
        })();

        v1.UnmapBlob = (function() {

            const UnmapBlob = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            UnmapBlob.prototype.resourceId = 0;

            UnmapBlob.create = function(properties) {
                return new UnmapBlob(properties);
            };

            UnmapBlob.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.resourceId != null && $Object.hasOwnProperty.call(m, "resourceId") && m.resourceId !== 0)
                    w.uint32(8).uint32(m.resourceId);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            UnmapBlob.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.UnmapBlob();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 0)
                                break;
                            if (v = r.uint32())
                                m.resourceId = v;
                            else
                                delete m.resourceId;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return UnmapBlob;
        })();

        v1.DestroyBlob = (function() {

            const DestroyBlob = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            DestroyBlob.prototype.resourceId = 0;

            DestroyBlob.create = function(properties) {
                return new DestroyBlob(properties);
            };

            DestroyBlob.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.resourceId != null && $Object.hasOwnProperty.call(m, "resourceId") && m.resourceId !== 0)
                    w.uint32(8).uint32(m.resourceId);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            DestroyBlob.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.DestroyBlob();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 0)
                                break;
                            if (v = r.uint32())
                                m.resourceId = v;
                            else
                                delete m.resourceId;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return DestroyBlob;
        })();

        v1.Reset = (function() {

            const Reset = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            Reset.create = function(properties) {
                return new Reset(properties);
            };

            Reset.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            Reset.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.Reset();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    r.skipType(t & 7, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return Reset;
        })();

        v1.BatchReply = (function() {

            const BatchReply = function (p) {
                this.replies = [];
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            BatchReply.prototype.replies = $util.emptyArray;

            BatchReply.create = function(properties) {
                return new BatchReply(properties);
            };

            BatchReply.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.replies != null && m.replies.length) {
                    for (var i = 0; i < m.replies.length; ++i)
                        $root.barkeep.v1.CommandReply.encode(m.replies[i], w.uint32(10).fork(), q + 1).ldelim();
                }
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            BatchReply.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.BatchReply();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if (!(m.replies && m.replies.length))
                                m.replies = [];
                            m.replies.push($root.barkeep.v1.CommandReply.decode(r, r.size(), $undefined, q + 1));
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return BatchReply;
        })();

        v1.CommandReply = (function() {

            const CommandReply = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            CommandReply.prototype.number = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            CommandReply.prototype.done = null;
            CommandReply.prototype.mapped = null;
            CommandReply.prototype.error = null;

            let $oneOfFields;

            $Object.defineProperty(CommandReply.prototype, "result", {
                get: $util.oneOfGetter($oneOfFields = ["done", "mapped", "error"]),
                set: $util.oneOfSetter($oneOfFields)
            });

            CommandReply.create = function(properties) {
                return new CommandReply(properties);
            };

            CommandReply.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.number != null && $Object.hasOwnProperty.call(m, "number") && (typeof m.number === "object" ? m.number.low || m.number.high : m.number !== 0))
                    w.uint32(8).uint64(m.number);
                if (m.done != null && $Object.hasOwnProperty.call(m, "done"))
                    $root.barkeep.v1.Done.encode(m.done, w.uint32(18).fork(), q + 1).ldelim();
                if (m.mapped != null && $Object.hasOwnProperty.call(m, "mapped"))
                    $root.barkeep.v1.Mapped.encode(m.mapped, w.uint32(26).fork(), q + 1).ldelim();
                if (m.error != null && $Object.hasOwnProperty.call(m, "error"))
                    $root.barkeep.v1.CommandError.encode(m.error, w.uint32(34).fork(), q + 1).ldelim();
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            CommandReply.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.CommandReply();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.number = v;
                            else
                                delete m.number;
                            continue;
                        }
                    case 2: {
                            if (u !== 2)
                                break;
                            m.done = $root.barkeep.v1.Done.decode(r, r.size(), $undefined, q + 1, m.done);
                            m.result = "done";
                            continue;
                        }
                    case 3: {
                            if (u !== 2)
                                break;
                            m.mapped = $root.barkeep.v1.Mapped.decode(r, r.size(), $undefined, q + 1, m.mapped);
                            m.result = "mapped";
                            continue;
                        }
                    case 4: {
                            if (u !== 2)
                                break;
                            m.error = $root.barkeep.v1.CommandError.decode(r, r.size(), $undefined, q + 1, m.error);
                            m.result = "error";
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return CommandReply;
        })();

        v1.Done = (function() {

            const Done = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            Done.prototype.wasMapped = false;
            Done.prototype.generation = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            Done.create = function(properties) {
                return new Done(properties);
            };

            Done.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.wasMapped != null && $Object.hasOwnProperty.call(m, "wasMapped") && m.wasMapped !== false)
                    w.uint32(8).bool(m.wasMapped);
                if (m.generation != null && $Object.hasOwnProperty.call(m, "generation") && (typeof m.generation === "object" ? m.generation.low || m.generation.high : m.generation !== 0))
                    w.uint32(16).uint64(m.generation);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            Done.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.Done();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 0)
                                break;
                            if (v = r.bool())
                                m.wasMapped = v;
                            else
                                delete m.wasMapped;
                            continue;
                        }
                    case 2: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.generation = v;
                            else
                                delete m.generation;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return Done;
        })();

        v1.Mapped = (function() {

            const Mapped = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            Mapped.prototype.cache = 0;
            Mapped.prototype.size = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            Mapped.prototype.memory = null;

            Mapped.create = function(properties) {
                return new Mapped(properties);
            };

            Mapped.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.cache != null && $Object.hasOwnProperty.call(m, "cache") && m.cache !== 0)
                    w.uint32(8).int32(m.cache);
                if (m.size != null && $Object.hasOwnProperty.call(m, "size") && (typeof m.size === "object" ? m.size.low || m.size.high : m.size !== 0))
                    w.uint32(16).uint64(m.size);
                if (m.memory != null && $Object.hasOwnProperty.call(m, "memory"))
                    $root.barkeep.v1.MemoryHandle.encode(m.memory, w.uint32(26).fork(), q + 1).ldelim();
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            Mapped.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.Mapped();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 0)
                                break;
                            if (v = r.int32())
                                m.cache = v;
                            else
                                delete m.cache;
                            continue;
                        }
                    case 2: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.size = v;
                            else
                                delete m.size;
                            continue;
                        }
                    case 3: {
                            if (u !== 2)
                                break;
                            m.memory = $root.barkeep.v1.MemoryHandle.decode(r, r.size(), $undefined, q + 1, m.memory);
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return Mapped;
        })();

        v1.CommandError = (function() {

            const CommandError = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            CommandError.prototype.reason = 0;
            CommandError.prototype.message = "";

            CommandError.create = function(properties) {
                return new CommandError(properties);
            };

            CommandError.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.reason != null && $Object.hasOwnProperty.call(m, "reason") && m.reason !== 0)
                    w.uint32(8).int32(m.reason);
                if (m.message != null && $Object.hasOwnProperty.call(m, "message") && m.message !== "")
                    w.uint32(18).string(m.message);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            CommandError.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.CommandError();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 0)
                                break;
                            if (v = r.int32())
                                m.reason = v;
                            else
                                delete m.reason;
                            continue;
                        }
                    case 2: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.message = v;
                            else
                                delete m.message;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return CommandError;
        })();

        v1.FrontendStatistics = (function() {

            const FrontendStatistics = function (p) {
                this.latencies = [];
                this.commands = [];
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            FrontendStatistics.prototype.latencies = $util.emptyArray;
            FrontendStatistics.prototype.commands = $util.emptyArray;
            FrontendStatistics.prototype.process = null;
            FrontendStatistics.prototype.malformedChains = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            FrontendStatistics.prototype.slotRefusals = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            FrontendStatistics.prototype.vmm = null;
            FrontendStatistics.prototype.outOfReachChains = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            FrontendStatistics.prototype.strayBytes = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            FrontendStatistics.prototype.untoldBlobs = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            FrontendStatistics.prototype.journalFull = false;
            FrontendStatistics.prototype.processVms = 0;

            FrontendStatistics.create = function(properties) {
                return new FrontendStatistics(properties);
            };

            FrontendStatistics.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.latencies != null && m.latencies.length) {
                    for (var i = 0; i < m.latencies.length; ++i)
                        $root.barkeep.v1.StageLatency.encode(m.latencies[i], w.uint32(10).fork(), q + 1).ldelim();
                }
                if (m.commands != null && m.commands.length) {
                    for (var i = 0; i < m.commands.length; ++i)
                        $root.barkeep.v1.CommandCount.encode(m.commands[i], w.uint32(18).fork(), q + 1).ldelim();
                }
                if (m.process != null && $Object.hasOwnProperty.call(m, "process"))
                    $root.barkeep.v1.ProcessStatistics.encode(m.process, w.uint32(26).fork(), q + 1).ldelim();
                if (m.malformedChains != null && $Object.hasOwnProperty.call(m, "malformedChains") && (typeof m.malformedChains === "object" ? m.malformedChains.low || m.malformedChains.high : m.malformedChains !== 0))
                    w.uint32(32).uint64(m.malformedChains);
                if (m.slotRefusals != null && $Object.hasOwnProperty.call(m, "slotRefusals") && (typeof m.slotRefusals === "object" ? m.slotRefusals.low || m.slotRefusals.high : m.slotRefusals !== 0))
                    w.uint32(40).uint64(m.slotRefusals);
                if (m.vmm != null && $Object.hasOwnProperty.call(m, "vmm"))
                    $root.barkeep.v1.VmmStatus.encode(m.vmm, w.uint32(50).fork(), q + 1).ldelim();
                if (m.outOfReachChains != null && $Object.hasOwnProperty.call(m, "outOfReachChains") && (typeof m.outOfReachChains === "object" ? m.outOfReachChains.low || m.outOfReachChains.high : m.outOfReachChains !== 0))
                    w.uint32(56).uint64(m.outOfReachChains);
                if (m.strayBytes != null && $Object.hasOwnProperty.call(m, "strayBytes") && (typeof m.strayBytes === "object" ? m.strayBytes.low || m.strayBytes.high : m.strayBytes !== 0))
                    w.uint32(64).uint64(m.strayBytes);
                if (m.untoldBlobs != null && $Object.hasOwnProperty.call(m, "untoldBlobs") && (typeof m.untoldBlobs === "object" ? m.untoldBlobs.low || m.untoldBlobs.high : m.untoldBlobs !== 0))
                    w.uint32(72).uint64(m.untoldBlobs);
                if (m.journalFull != null && $Object.hasOwnProperty.call(m, "journalFull") && m.journalFull !== false)
                    w.uint32(80).bool(m.journalFull);
                if (m.processVms != null && $Object.hasOwnProperty.call(m, "processVms") && m.processVms !== 0)
                    w.uint32(88).uint32(m.processVms);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            FrontendStatistics.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.FrontendStatistics();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if (!(m.latencies && m.latencies.length))
                                m.latencies = [];
                            m.latencies.push($root.barkeep.v1.StageLatency.decode(r, r.size(), $undefined, q + 1));
                            continue;
                        }
                    case 2: {
                            if (u !== 2)
                                break;
                            if (!(m.commands && m.commands.length))
                                m.commands = [];
                            m.commands.push($root.barkeep.v1.CommandCount.decode(r, r.size(), $undefined, q + 1));
                            continue;
                        }
                    case 3: {
                            if (u !== 2)
                                break;
                            m.process = $root.barkeep.v1.ProcessStatistics.decode(r, r.size(), $undefined, q + 1, m.process);
                            continue;
                        }
                    case 4: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.malformedChains = v;
                            else
                                delete m.malformedChains;
                            continue;
                        }
                    case 5: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.slotRefusals = v;
                            else
                                delete m.slotRefusals;
                            continue;
                        }
                    case 6: {
                            if (u !== 2)
                                break;
                            m.vmm = $root.barkeep.v1.VmmStatus.decode(r, r.size(), $undefined, q + 1, m.vmm);
                            continue;
                        }
                    case 7: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.outOfReachChains = v;
                            else
                                delete m.outOfReachChains;
                            continue;
                        }
                    case 8: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.strayBytes = v;
                            else
                                delete m.strayBytes;
                            continue;
                        }
                    case 9: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.untoldBlobs = v;
                            else
                                delete m.untoldBlobs;
                            continue;
                        }
                    case 10: {
                            if (u !== 0)
                                break;
                            if (v = r.bool())
                                m.journalFull = v;
                            else
                                delete m.journalFull;
                            continue;
                        }
                    case 11: {
                            if (u !== 0)
                                break;
                            if (v = r.uint32())
                                m.processVms = v;
                            else
                                delete m.processVms;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return FrontendStatistics;
        })();

        v1.VmmState = (function() {
            const valuesById = $Object.create(null), values = $Object.create(valuesById);
            values[valuesById[0] = "VMM_STATE_UNSPECIFIED"] = 0;
            values[valuesById[1] = "VMM_STATE_ABSENT"] = 1;
            values[valuesById[2] = "VMM_STATE_CONNECTED"] = 2;
            values[valuesById[3] = "VMM_STATE_NEGOTIATED"] = 3;
            values[valuesById[4] = "VMM_STATE_RUNNING"] = 4;
            values[valuesById[5] = "VMM_STATE_STOPPED"] = 5;
            return values;
        })();

        v1.VmmProblemKind = (function() {
            const valuesById = $Object.create(null), values = $Object.create(valuesById);
            values[valuesById[0] = "VMM_PROBLEM_KIND_UNSPECIFIED"] = 0;
            values[valuesById[1] = "VMM_PROBLEM_KIND_MEMORY_NOT_SHARED"] = 1;
            values[valuesById[2] = "VMM_PROBLEM_KIND_MEMORY_OUT_OF_REACH"] = 2;
            values[valuesById[3] = "VMM_PROBLEM_KIND_QUEUE_COUNT"] = 3;
            values[valuesById[4] = "VMM_PROBLEM_KIND_WINDOW_UNUSED"] = 4;
            return values;
        })();

        v1.VmmStatus = (function() {

            const VmmStatus = function (p) {
                this.problems = [];
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            VmmStatus.prototype.state = 0;
            VmmStatus.prototype.pid = 0;
            VmmStatus.prototype.queues = 0;
            VmmStatus.prototype.runningQueues = 0;
            VmmStatus.prototype.guestBytes = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            VmmStatus.prototype.windowBytes = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            VmmStatus.prototype.outOfReachChains = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            VmmStatus.prototype.problems = $util.emptyArray;

            VmmStatus.create = function(properties) {
                return new VmmStatus(properties);
            };

            VmmStatus.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.state != null && $Object.hasOwnProperty.call(m, "state") && m.state !== 0)
                    w.uint32(8).int32(m.state);
                if (m.pid != null && $Object.hasOwnProperty.call(m, "pid") && m.pid !== 0)
                    w.uint32(16).uint32(m.pid);
                if (m.queues != null && $Object.hasOwnProperty.call(m, "queues") && m.queues !== 0)
                    w.uint32(24).uint32(m.queues);
                if (m.runningQueues != null && $Object.hasOwnProperty.call(m, "runningQueues") && m.runningQueues !== 0)
                    w.uint32(32).uint32(m.runningQueues);
                if (m.guestBytes != null && $Object.hasOwnProperty.call(m, "guestBytes") && (typeof m.guestBytes === "object" ? m.guestBytes.low || m.guestBytes.high : m.guestBytes !== 0))
                    w.uint32(40).uint64(m.guestBytes);
                if (m.windowBytes != null && $Object.hasOwnProperty.call(m, "windowBytes") && (typeof m.windowBytes === "object" ? m.windowBytes.low || m.windowBytes.high : m.windowBytes !== 0))
                    w.uint32(48).uint64(m.windowBytes);
                if (m.outOfReachChains != null && $Object.hasOwnProperty.call(m, "outOfReachChains") && (typeof m.outOfReachChains === "object" ? m.outOfReachChains.low || m.outOfReachChains.high : m.outOfReachChains !== 0))
                    w.uint32(56).uint64(m.outOfReachChains);
                if (m.problems != null && m.problems.length) {
                    for (var i = 0; i < m.problems.length; ++i)
                        $root.barkeep.v1.VmmProblem.encode(m.problems[i], w.uint32(66).fork(), q + 1).ldelim();
                }
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            VmmStatus.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.VmmStatus();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 0)
                                break;
                            if (v = r.int32())
                                m.state = v;
                            else
                                delete m.state;
                            continue;
                        }
                    case 2: {
                            if (u !== 0)
                                break;
                            if (v = r.uint32())
                                m.pid = v;
                            else
                                delete m.pid;
                            continue;
                        }
                    case 3: {
                            if (u !== 0)
                                break;
                            if (v = r.uint32())
                                m.queues = v;
                            else
                                delete m.queues;
                            continue;
                        }
                    case 4: {
                            if (u !== 0)
                                break;
                            if (v = r.uint32())
                                m.runningQueues = v;
                            else
                                delete m.runningQueues;
                            continue;
                        }
                    case 5: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.guestBytes = v;
                            else
                                delete m.guestBytes;
                            continue;
                        }
                    case 6: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.windowBytes = v;
                            else
                                delete m.windowBytes;
                            continue;
                        }
                    case 7: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.outOfReachChains = v;
                            else
                                delete m.outOfReachChains;
                            continue;
                        }
                    case 8: {
                            if (u !== 2)
                                break;
                            if (!(m.problems && m.problems.length))
                                m.problems = [];
                            m.problems.push($root.barkeep.v1.VmmProblem.decode(r, r.size(), $undefined, q + 1));
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return VmmStatus;
        })();

        v1.VmmProblem = (function() {

            const VmmProblem = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            VmmProblem.prototype.kind = 0;
            VmmProblem.prototype.message = "";

            VmmProblem.create = function(properties) {
                return new VmmProblem(properties);
            };

            VmmProblem.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.kind != null && $Object.hasOwnProperty.call(m, "kind") && m.kind !== 0)
                    w.uint32(8).int32(m.kind);
                if (m.message != null && $Object.hasOwnProperty.call(m, "message") && m.message !== "")
                    w.uint32(18).string(m.message);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            VmmProblem.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.VmmProblem();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 0)
                                break;
                            if (v = r.int32())
                                m.kind = v;
                            else
                                delete m.kind;
                            continue;
                        }
                    case 2: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.message = v;
                            else
                                delete m.message;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return VmmProblem;
        })();

        v1.StageLatency = (function() {

            const StageLatency = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            StageLatency.prototype.stage = "";
            StageLatency.prototype.histogram = null;

            StageLatency.create = function(properties) {
                return new StageLatency(properties);
            };

            StageLatency.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.stage != null && $Object.hasOwnProperty.call(m, "stage") && m.stage !== "")
                    w.uint32(10).string(m.stage);
                if (m.histogram != null && $Object.hasOwnProperty.call(m, "histogram"))
                    $root.barkeep.v1.Histogram.encode(m.histogram, w.uint32(18).fork(), q + 1).ldelim();
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            StageLatency.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.StageLatency();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.stage = v;
                            else
                                delete m.stage;
                            continue;
                        }
                    case 2: {
                            if (u !== 2)
                                break;
                            m.histogram = $root.barkeep.v1.Histogram.decode(r, r.size(), $undefined, q + 1, m.histogram);
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return StageLatency;
        })();

        v1.CommandCount = (function() {

            const CommandCount = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            CommandCount.prototype.command = "";
            CommandCount.prototype.answer = "";
            CommandCount.prototype.count = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            CommandCount.create = function(properties) {
                return new CommandCount(properties);
            };

            CommandCount.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.command != null && $Object.hasOwnProperty.call(m, "command") && m.command !== "")
                    w.uint32(10).string(m.command);
                if (m.answer != null && $Object.hasOwnProperty.call(m, "answer") && m.answer !== "")
                    w.uint32(18).string(m.answer);
                if (m.count != null && $Object.hasOwnProperty.call(m, "count") && (typeof m.count === "object" ? m.count.low || m.count.high : m.count !== 0))
                    w.uint32(24).uint64(m.count);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            CommandCount.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.CommandCount();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.command = v;
                            else
                                delete m.command;
                            continue;
                        }
                    case 2: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.answer = v;
                            else
                                delete m.answer;
                            continue;
                        }
                    case 3: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.count = v;
                            else
                                delete m.count;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return CommandCount;
        })();

        v1.ProcessStatistics = (function() {

            const ProcessStatistics = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            ProcessStatistics.prototype.residentBytes = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            ProcessStatistics.prototype.heapUsedBytes = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            ProcessStatistics.prototype.openFds = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            ProcessStatistics.prototype.cpuSeconds = 0;
            ProcessStatistics.prototype.eventLoopLagP50 = 0;
            ProcessStatistics.prototype.eventLoopLagP99 = 0;
            ProcessStatistics.prototype.eventLoopLagMax = 0;
            ProcessStatistics.prototype.startTime = 0;

            ProcessStatistics.create = function(properties) {
                return new ProcessStatistics(properties);
            };

            ProcessStatistics.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.residentBytes != null && $Object.hasOwnProperty.call(m, "residentBytes") && (typeof m.residentBytes === "object" ? m.residentBytes.low || m.residentBytes.high : m.residentBytes !== 0))
                    w.uint32(8).uint64(m.residentBytes);
                if (m.heapUsedBytes != null && $Object.hasOwnProperty.call(m, "heapUsedBytes") && (typeof m.heapUsedBytes === "object" ? m.heapUsedBytes.low || m.heapUsedBytes.high : m.heapUsedBytes !== 0))
                    w.uint32(16).uint64(m.heapUsedBytes);
                if (m.openFds != null && $Object.hasOwnProperty.call(m, "openFds") && (typeof m.openFds === "object" ? m.openFds.low || m.openFds.high : m.openFds !== 0))
                    w.uint32(24).uint64(m.openFds);
                if (m.cpuSeconds != null && $Object.hasOwnProperty.call(m, "cpuSeconds") && !$Object.is(m.cpuSeconds, 0))
                    w.uint32(33).double(m.cpuSeconds);
                if (m.eventLoopLagP50 != null && $Object.hasOwnProperty.call(m, "eventLoopLagP50") && !$Object.is(m.eventLoopLagP50, 0))
                    w.uint32(41).double(m.eventLoopLagP50);
                if (m.eventLoopLagP99 != null && $Object.hasOwnProperty.call(m, "eventLoopLagP99") && !$Object.is(m.eventLoopLagP99, 0))
                    w.uint32(49).double(m.eventLoopLagP99);
                if (m.eventLoopLagMax != null && $Object.hasOwnProperty.call(m, "eventLoopLagMax") && !$Object.is(m.eventLoopLagMax, 0))
                    w.uint32(57).double(m.eventLoopLagMax);
                if (m.startTime != null && $Object.hasOwnProperty.call(m, "startTime") && !$Object.is(m.startTime, 0))
                    w.uint32(65).double(m.startTime);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            ProcessStatistics.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.ProcessStatistics();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.residentBytes = v;
                            else
                                delete m.residentBytes;
                            continue;
                        }
                    case 2: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.heapUsedBytes = v;
                            else
                                delete m.heapUsedBytes;
                            continue;
                        }
                    case 3: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.openFds = v;
                            else
                                delete m.openFds;
                            continue;
                        }
                    case 4: {
                            if (u !== 1)
                                break;
                            if (!$Object.is(v = r.double(), 0))
                                m.cpuSeconds = v;
                            else
                                delete m.cpuSeconds;
                            continue;
                        }
                    case 5: {
                            if (u !== 1)
                                break;
                            if (!$Object.is(v = r.double(), 0))
                                m.eventLoopLagP50 = v;
                            else
                                delete m.eventLoopLagP50;
                            continue;
                        }
                    case 6: {
                            if (u !== 1)
                                break;
                            if (!$Object.is(v = r.double(), 0))
                                m.eventLoopLagP99 = v;
                            else
                                delete m.eventLoopLagP99;
                            continue;
                        }
                    case 7: {
                            if (u !== 1)
                                break;
                            if (!$Object.is(v = r.double(), 0))
                                m.eventLoopLagMax = v;
                            else
                                delete m.eventLoopLagMax;
                            continue;
                        }
                    case 8: {
                            if (u !== 1)
                                break;
                            if (!$Object.is(v = r.double(), 0))
                                m.startTime = v;
                            else
                                delete m.startTime;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return ProcessStatistics;
        })();

        v1.AttachVmRequest = (function() {

            const AttachVmRequest = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            AttachVmRequest.prototype.vm = "";
            AttachVmRequest.prototype.secret = "";
            AttachVmRequest.prototype.session = $util.newBuffer([]);

            AttachVmRequest.create = function(properties) {
                return new AttachVmRequest(properties);
            };

            AttachVmRequest.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.vm != null && $Object.hasOwnProperty.call(m, "vm") && m.vm !== "")
                    w.uint32(10).string(m.vm);
                if (m.secret != null && $Object.hasOwnProperty.call(m, "secret") && m.secret !== "")
                    w.uint32(18).string(m.secret);
                if (m.session != null && $Object.hasOwnProperty.call(m, "session") && m.session.length)
                    w.uint32(26).bytes(m.session);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            AttachVmRequest.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.AttachVmRequest();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.vm = v;
                            else
                                delete m.vm;
                            continue;
                        }
                    case 2: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.secret = v;
                            else
                                delete m.secret;
                            continue;
                        }
                    case 3: {
                            if (u !== 2)
                                break;
                            if ((v = r.bytes()).length)
                                m.session = v;
                            else
                                delete m.session;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return AttachVmRequest;
        })();

        v1.AttachVmResponse = (function() {

            const AttachVmResponse = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            AttachVmResponse.prototype.attached = null;

            AttachVmResponse.create = function(properties) {
                return new AttachVmResponse(properties);
            };

            AttachVmResponse.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.attached != null && $Object.hasOwnProperty.call(m, "attached"))
                    $root.barkeep.v1.Attached.encode(m.attached, w.uint32(10).fork(), q + 1).ldelim();
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            AttachVmResponse.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.AttachVmResponse();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            m.attached = $root.barkeep.v1.Attached.decode(r, r.size(), $undefined, q + 1, m.attached);
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return AttachVmResponse;
        })();

        v1.DetachVmRequest = (function() {

            const DetachVmRequest = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            DetachVmRequest.prototype.vm = "";

            DetachVmRequest.create = function(properties) {
                return new DetachVmRequest(properties);
            };

            DetachVmRequest.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.vm != null && $Object.hasOwnProperty.call(m, "vm") && m.vm !== "")
                    w.uint32(10).string(m.vm);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            DetachVmRequest.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.DetachVmRequest();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.vm = v;
                            else
                                delete m.vm;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return DetachVmRequest;
        })();

        v1.DetachVmResponse = (function() {

            const DetachVmResponse = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            DetachVmResponse.create = function(properties) {
                return new DetachVmResponse(properties);
            };

            DetachVmResponse.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            DetachVmResponse.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.DetachVmResponse();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    r.skipType(t & 7, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return DetachVmResponse;
        })();

        v1.CreateBlobRequest = (function() {

            const CreateBlobRequest = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            CreateBlobRequest.prototype.vm = "";
            CreateBlobRequest.prototype.number = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            CreateBlobRequest.prototype.create = null;

            CreateBlobRequest.create = function(properties) {
                return new CreateBlobRequest(properties);
            };

            CreateBlobRequest.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.vm != null && $Object.hasOwnProperty.call(m, "vm") && m.vm !== "")
                    w.uint32(10).string(m.vm);
                if (m.number != null && $Object.hasOwnProperty.call(m, "number") && (typeof m.number === "object" ? m.number.low || m.number.high : m.number !== 0))
                    w.uint32(16).uint64(m.number);
                if (m.create != null && $Object.hasOwnProperty.call(m, "create"))
                    $root.barkeep.v1.CreateBlob.encode(m.create, w.uint32(26).fork(), q + 1).ldelim();
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            CreateBlobRequest.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.CreateBlobRequest();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.vm = v;
                            else
                                delete m.vm;
                            continue;
                        }
                    case 2: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.number = v;
                            else
                                delete m.number;
                            continue;
                        }
                    case 3: {
                            if (u !== 2)
                                break;
                            m.create = $root.barkeep.v1.CreateBlob.decode(r, r.size(), $undefined, q + 1, m.create);
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return CreateBlobRequest;
        })();

        v1.CreateBlobResponse = (function() {

            const CreateBlobResponse = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            CreateBlobResponse.create = function(properties) {
                return new CreateBlobResponse(properties);
            };

            CreateBlobResponse.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            CreateBlobResponse.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.CreateBlobResponse();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    r.skipType(t & 7, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return CreateBlobResponse;
        })();

        v1.MapBlobRequest = (function() {

            const MapBlobRequest = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            MapBlobRequest.prototype.vm = "";
            MapBlobRequest.prototype.number = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            MapBlobRequest.prototype.map = null;

            MapBlobRequest.create = function(properties) {
                return new MapBlobRequest(properties);
            };

            MapBlobRequest.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.vm != null && $Object.hasOwnProperty.call(m, "vm") && m.vm !== "")
                    w.uint32(10).string(m.vm);
                if (m.number != null && $Object.hasOwnProperty.call(m, "number") && (typeof m.number === "object" ? m.number.low || m.number.high : m.number !== 0))
                    w.uint32(16).uint64(m.number);
                if (m.map != null && $Object.hasOwnProperty.call(m, "map"))
                    $root.barkeep.v1.MapBlob.encode(m.map, w.uint32(26).fork(), q + 1).ldelim();
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            MapBlobRequest.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.MapBlobRequest();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.vm = v;
                            else
                                delete m.vm;
                            continue;
                        }
                    case 2: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.number = v;
                            else
                                delete m.number;
                            continue;
                        }
                    case 3: {
                            if (u !== 2)
                                break;
                            m.map = $root.barkeep.v1.MapBlob.decode(r, r.size(), $undefined, q + 1, m.map);
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return MapBlobRequest;
        })();

        v1.MapBlobResponse = (function() {

            const MapBlobResponse = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            MapBlobResponse.prototype.mapped = null;

            MapBlobResponse.create = function(properties) {
                return new MapBlobResponse(properties);
            };

            MapBlobResponse.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.mapped != null && $Object.hasOwnProperty.call(m, "mapped"))
                    $root.barkeep.v1.Mapped.encode(m.mapped, w.uint32(10).fork(), q + 1).ldelim();
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            MapBlobResponse.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.MapBlobResponse();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            m.mapped = $root.barkeep.v1.Mapped.decode(r, r.size(), $undefined, q + 1, m.mapped);
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return MapBlobResponse;
        })();

        v1.UnmapBlobRequest = (function() {

            const UnmapBlobRequest = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            UnmapBlobRequest.prototype.vm = "";
            UnmapBlobRequest.prototype.number = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            UnmapBlobRequest.prototype.unmap = null;

            UnmapBlobRequest.create = function(properties) {
                return new UnmapBlobRequest(properties);
            };

            UnmapBlobRequest.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.vm != null && $Object.hasOwnProperty.call(m, "vm") && m.vm !== "")
                    w.uint32(10).string(m.vm);
                if (m.number != null && $Object.hasOwnProperty.call(m, "number") && (typeof m.number === "object" ? m.number.low || m.number.high : m.number !== 0))
                    w.uint32(16).uint64(m.number);
                if (m.unmap != null && $Object.hasOwnProperty.call(m, "unmap"))
                    $root.barkeep.v1.UnmapBlob.encode(m.unmap, w.uint32(26).fork(), q + 1).ldelim();
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            UnmapBlobRequest.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.UnmapBlobRequest();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.vm = v;
                            else
                                delete m.vm;
                            continue;
                        }
                    case 2: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.number = v;
                            else
                                delete m.number;
                            continue;
                        }
                    case 3: {
                            if (u !== 2)
                                break;
                            m.unmap = $root.barkeep.v1.UnmapBlob.decode(r, r.size(), $undefined, q + 1, m.unmap);
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return UnmapBlobRequest;
        })();

        v1.UnmapBlobResponse = (function() {

            const UnmapBlobResponse = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            UnmapBlobResponse.prototype.wasMapped = false;

            UnmapBlobResponse.create = function(properties) {
                return new UnmapBlobResponse(properties);
            };

            UnmapBlobResponse.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.wasMapped != null && $Object.hasOwnProperty.call(m, "wasMapped") && m.wasMapped !== false)
                    w.uint32(8).bool(m.wasMapped);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            UnmapBlobResponse.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.UnmapBlobResponse();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 0)
                                break;
                            if (v = r.bool())
                                m.wasMapped = v;
                            else
                                delete m.wasMapped;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return UnmapBlobResponse;
        })();

        v1.DestroyBlobRequest = (function() {

            const DestroyBlobRequest = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            DestroyBlobRequest.prototype.vm = "";
            DestroyBlobRequest.prototype.number = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            DestroyBlobRequest.prototype.destroy = null;

            DestroyBlobRequest.create = function(properties) {
                return new DestroyBlobRequest(properties);
            };

            DestroyBlobRequest.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.vm != null && $Object.hasOwnProperty.call(m, "vm") && m.vm !== "")
                    w.uint32(10).string(m.vm);
                if (m.number != null && $Object.hasOwnProperty.call(m, "number") && (typeof m.number === "object" ? m.number.low || m.number.high : m.number !== 0))
                    w.uint32(16).uint64(m.number);
                if (m.destroy != null && $Object.hasOwnProperty.call(m, "destroy"))
                    $root.barkeep.v1.DestroyBlob.encode(m.destroy, w.uint32(26).fork(), q + 1).ldelim();
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            DestroyBlobRequest.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.DestroyBlobRequest();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.vm = v;
                            else
                                delete m.vm;
                            continue;
                        }
                    case 2: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.number = v;
                            else
                                delete m.number;
                            continue;
                        }
                    case 3: {
                            if (u !== 2)
                                break;
                            m.destroy = $root.barkeep.v1.DestroyBlob.decode(r, r.size(), $undefined, q + 1, m.destroy);
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return DestroyBlobRequest;
        })();

        v1.DestroyBlobResponse = (function() {

            const DestroyBlobResponse = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            DestroyBlobResponse.prototype.wasMapped = false;

            DestroyBlobResponse.create = function(properties) {
                return new DestroyBlobResponse(properties);
            };

            DestroyBlobResponse.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.wasMapped != null && $Object.hasOwnProperty.call(m, "wasMapped") && m.wasMapped !== false)
                    w.uint32(8).bool(m.wasMapped);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            DestroyBlobResponse.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.DestroyBlobResponse();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 0)
                                break;
                            if (v = r.bool())
                                m.wasMapped = v;
                            else
                                delete m.wasMapped;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return DestroyBlobResponse;
        })();

        v1.ResetVmRequest = (function() {

            const ResetVmRequest = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            ResetVmRequest.prototype.vm = "";
            ResetVmRequest.prototype.number = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            ResetVmRequest.create = function(properties) {
                return new ResetVmRequest(properties);
            };

            ResetVmRequest.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.vm != null && $Object.hasOwnProperty.call(m, "vm") && m.vm !== "")
                    w.uint32(10).string(m.vm);
                if (m.number != null && $Object.hasOwnProperty.call(m, "number") && (typeof m.number === "object" ? m.number.low || m.number.high : m.number !== 0))
                    w.uint32(16).uint64(m.number);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            ResetVmRequest.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.ResetVmRequest();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.vm = v;
                            else
                                delete m.vm;
                            continue;
                        }
                    case 2: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.number = v;
                            else
                                delete m.number;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return ResetVmRequest;
        })();

        v1.ResetVmResponse = (function() {

            const ResetVmResponse = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            ResetVmResponse.prototype.generation = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            ResetVmResponse.create = function(properties) {
                return new ResetVmResponse(properties);
            };

            ResetVmResponse.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.generation != null && $Object.hasOwnProperty.call(m, "generation") && (typeof m.generation === "object" ? m.generation.low || m.generation.high : m.generation !== 0))
                    w.uint32(8).uint64(m.generation);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            ResetVmResponse.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.ResetVmResponse();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.generation = v;
                            else
                                delete m.generation;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return ResetVmResponse;
        })();

        v1.CacheType = (function() {
            const valuesById = $Object.create(null), values = $Object.create(valuesById);
            values[valuesById[0] = "CACHE_TYPE_UNSPECIFIED"] = 0;
            values[valuesById[1] = "CACHE_TYPE_CACHED"] = 1;
            values[valuesById[2] = "CACHE_TYPE_UNCACHED"] = 2;
            values[valuesById[3] = "CACHE_TYPE_WC"] = 3;
            values[valuesById[4] = "CACHE_TYPE_NONE"] = 4;
            return values;
        })();

        v1.Placement = (function() {
            const valuesById = $Object.create(null), values = $Object.create(valuesById);
            values[valuesById[0] = "PLACEMENT_UNSPECIFIED"] = 0;
            values[valuesById[1] = "PLACEMENT_WINDOW"] = 1;
            values[valuesById[2] = "PLACEMENT_PER_BLOB"] = 2;
            return values;
        })();

        v1.Backing = (function() {
            const valuesById = $Object.create(null), values = $Object.create(valuesById);
            values[valuesById[0] = "BACKING_UNSPECIFIED"] = 0;
            values[valuesById[1] = "BACKING_MEMFD"] = 1;
            values[valuesById[2] = "BACKING_HUGETLB"] = 2;
            values[valuesById[3] = "BACKING_FILE"] = 3;
            return values;
        })();

        v1.Reason = (function() {
            const valuesById = $Object.create(null), values = $Object.create(valuesById);
            values[valuesById[0] = "REASON_UNSPECIFIED"] = 0;
            values[valuesById[1] = "REASON_RESOURCE_ID_INVALID"] = 1;
            values[valuesById[2] = "REASON_RESOURCE_ID_IN_USE"] = 2;
            values[valuesById[3] = "REASON_RESOURCE_UNKNOWN"] = 3;
            values[valuesById[4] = "REASON_BLOB_ID_UNKNOWN"] = 4;
            values[valuesById[5] = "REASON_BLOB_FLAGS_INVALID"] = 5;
            values[valuesById[6] = "REASON_SIZE_INVALID"] = 6;
            values[valuesById[7] = "REASON_NOT_MAPPABLE"] = 7;
            values[valuesById[8] = "REASON_ALREADY_MAPPED"] = 8;
            values[valuesById[9] = "REASON_OFFSET_MISALIGNED"] = 9;
            values[valuesById[10] = "REASON_OUTSIDE_WINDOW"] = 10;
            values[valuesById[11] = "REASON_OVERLAP"] = 11;
            values[valuesById[12] = "REASON_PLACEMENT_MISMATCH"] = 12;
            values[valuesById[13] = "REASON_HEAP_CAPACITY"] = 13;
            values[valuesById[14] = "REASON_HOST_CAPACITY"] = 14;
            values[valuesById[15] = "REASON_QUOTA_BYTES"] = 15;
            values[valuesById[16] = "REASON_QUOTA_MAPPINGS"] = 16;
            values[valuesById[17] = "REASON_QUOTA_ALLOCATIONS"] = 17;
            values[valuesById[18] = "REASON_OUT_OF_MEMORY"] = 18;
            values[valuesById[19] = "REASON_NUMBER_GAP"] = 19;
            values[valuesById[20] = "REASON_NUMBER_FORGOTTEN"] = 20;
            values[valuesById[21] = "REASON_UNACKNOWLEDGED_LIMIT"] = 21;
            values[valuesById[22] = "REASON_VM_UNKNOWN"] = 22;
            values[valuesById[23] = "REASON_VM_ATTACHED"] = 23;
            values[valuesById[24] = "REASON_VM_NOT_ATTACHED"] = 24;
            values[valuesById[25] = "REASON_VM_FORBIDDEN"] = 25;
            values[valuesById[26] = "REASON_SESSION_UNKNOWN"] = 26;
            values[valuesById[27] = "REASON_PROTOCOL"] = 27;
            values[valuesById[28] = "REASON_PAGE_INVALID"] = 28;
            values[valuesById[29] = "REASON_SHUTTING_DOWN"] = 29;
            values[valuesById[30] = "REASON_INTERNAL"] = 30;
            values[valuesById[31] = "REASON_HEAP_UNKNOWN"] = 31;
            values[valuesById[32] = "REASON_NEVER_MAPPED"] = 32;
            values[valuesById[33] = "REASON_WATCHER_LIMIT"] = 33;
            values[valuesById[34] = "REASON_VM_IN_USE"] = 34;
            values[valuesById[35] = "REASON_VMM_SLOTS"] = 35;
            values[valuesById[36] = "REASON_ROLE_FORBIDDEN"] = 36;
            values[valuesById[37] = "REASON_VM_SUSPENDED"] = 37;
            values[valuesById[38] = "REASON_STASHED"] = 38;
            values[valuesById[39] = "REASON_BROKER_TOO_OLD"] = 39;
            return values;
        })();

        v1.MemoryHandle = (function() {

            const MemoryHandle = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            MemoryHandle.prototype.token = $util.newBuffer([]);
            MemoryHandle.prototype.fdOffset = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
            MemoryHandle.prototype.size = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            MemoryHandle.create = function(properties) {
                return new MemoryHandle(properties);
            };

            MemoryHandle.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.token != null && $Object.hasOwnProperty.call(m, "token") && m.token.length)
                    w.uint32(10).bytes(m.token);
                if (m.fdOffset != null && $Object.hasOwnProperty.call(m, "fdOffset") && (typeof m.fdOffset === "object" ? m.fdOffset.low || m.fdOffset.high : m.fdOffset !== 0))
                    w.uint32(16).uint64(m.fdOffset);
                if (m.size != null && $Object.hasOwnProperty.call(m, "size") && (typeof m.size === "object" ? m.size.low || m.size.high : m.size !== 0))
                    w.uint32(24).uint64(m.size);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            MemoryHandle.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.MemoryHandle();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if ((v = r.bytes()).length)
                                m.token = v;
                            else
                                delete m.token;
                            continue;
                        }
                    case 2: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.fdOffset = v;
                            else
                                delete m.fdOffset;
                            continue;
                        }
                    case 3: {
                            if (u !== 0)
                                break;
                            if (typeof (v = r.uint64()) === "object" ? v.low || v.high : v !== 0)
                                m.size = v;
                            else
                                delete m.size;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return MemoryHandle;
        })();

        v1.Histogram = (function() {

            const Histogram = function (p) {
                this.bounds = [];
                this.counts = [];
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            Histogram.prototype.bounds = $util.emptyArray;
            Histogram.prototype.counts = $util.emptyArray;
            Histogram.prototype.sum = 0;

            Histogram.create = function(properties) {
                return new Histogram(properties);
            };

            Histogram.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.bounds != null && m.bounds.length) {
                    w.uint32(10).doubles(m.bounds);
                }
                if (m.counts != null && m.counts.length) {
                    w.uint32(18).uint64s(m.counts);
                }
                if (m.sum != null && $Object.hasOwnProperty.call(m, "sum") && !$Object.is(m.sum, 0))
                    w.uint32(25).double(m.sum);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            Histogram.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.barkeep.v1.Histogram();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u === 2) {
                                if (!(m.bounds && m.bounds.length))
                                    m.bounds = [];
                                r.doubles(m.bounds);
                                continue;
                            }
                            if (u !== 1)
                                break;
                            if (!(m.bounds && m.bounds.length))
                                m.bounds = [];
                            m.bounds.push(r.double());
                            continue;
                        }
                    case 2: {
                            if (u === 2) {
                                if (!(m.counts && m.counts.length))
                                    m.counts = [];
                                r.uint64s(m.counts);
                                continue;
                            }
                            if (u !== 0)
                                break;
                            if (!(m.counts && m.counts.length))
                                m.counts = [];
                            m.counts.push(r.uint64());
                            continue;
                        }
                    case 3: {
                            if (u !== 1)
                                break;
                            if (!$Object.is(v = r.double(), 0))
                                m.sum = v;
                            else
                                delete m.sum;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return Histogram;
        })();

        return v1;
    })();

    return barkeep;
})();

export const google = $root.google = (() => {

    const google = {};

    google.protobuf = (function() {

        const protobuf = {};

        protobuf.Any = (function() {

            const Any = function (p) {
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            Any.prototype.type_url = "";
            Any.prototype.value = $util.newBuffer([]);

            Any.create = function(properties) {
                return new Any(properties);
            };

            Any.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.type_url != null && $Object.hasOwnProperty.call(m, "type_url") && m.type_url !== "")
                    w.uint32(10).string(m.type_url);
                if (m.value != null && $Object.hasOwnProperty.call(m, "value") && m.value.length)
                    w.uint32(18).bytes(m.value);
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            Any.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.google.protobuf.Any();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.type_url = v;
                            else
                                delete m.type_url;
                            continue;
                        }
                    case 2: {
                            if (u !== 2)
                                break;
                            if ((v = r.bytes()).length)
                                m.value = v;
                            else
                                delete m.value;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return Any;
        })();

        return protobuf;
    })();

    google.rpc = (function() {

        const rpc = {};

        rpc.Status = (function() {

            const Status = function (p) {
                this.details = [];
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            Status.prototype.code = 0;
            Status.prototype.message = "";
            Status.prototype.details = $util.emptyArray;

            Status.create = function(properties) {
                return new Status(properties);
            };

            Status.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.code != null && $Object.hasOwnProperty.call(m, "code") && m.code !== 0)
                    w.uint32(8).int32(m.code);
                if (m.message != null && $Object.hasOwnProperty.call(m, "message") && m.message !== "")
                    w.uint32(18).string(m.message);
                if (m.details != null && m.details.length) {
                    for (var i = 0; i < m.details.length; ++i)
                        $root.google.protobuf.Any.encode(m.details[i], w.uint32(26).fork(), q + 1).ldelim();
                }
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            Status.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.google.rpc.Status();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 0)
                                break;
                            if (v = r.int32())
                                m.code = v;
                            else
                                delete m.code;
                            continue;
                        }
                    case 2: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.message = v;
                            else
                                delete m.message;
                            continue;
                        }
                    case 3: {
                            if (u !== 2)
                                break;
                            if (!(m.details && m.details.length))
                                m.details = [];
                            m.details.push($root.google.protobuf.Any.decode(r, r.size(), $undefined, q + 1));
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return Status;
        })();

        rpc.ErrorInfo = (function() {

            const ErrorInfo = function (p) {
                this.metadata = {};
                if (p)
                    for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                        if (p[ks[i]] != null && ks[i] !== "__proto__")
                            this[ks[i]] = p[ks[i]];
            };

            ErrorInfo.prototype.reason = "";
            ErrorInfo.prototype.domain = "";
            ErrorInfo.prototype.metadata = $util.emptyObject;

            ErrorInfo.create = function(properties) {
                return new ErrorInfo(properties);
            };

            ErrorInfo.encode = function (m, w, q) {
                if (!w)
                    w = $Writer.create();
                if (q === $undefined)
                    q = 0;
                if (q > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (m.reason != null && $Object.hasOwnProperty.call(m, "reason") && m.reason !== "")
                    w.uint32(10).string(m.reason);
                if (m.domain != null && $Object.hasOwnProperty.call(m, "domain") && m.domain !== "")
                    w.uint32(18).string(m.domain);
                if (m.metadata != null && $Object.hasOwnProperty.call(m, "metadata")) {
                    for (var ks = $Object.keys(m.metadata), i = 0; i < ks.length; ++i) {
                        w.uint32(26).fork().uint32(10).string(ks[i]).uint32(18).string(m.metadata[ks[i]]).ldelim();
                    }
                }
                if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                    for (var i = 0; i < m.$unknowns.length; ++i)
                        w.raw(m.$unknowns[i]);
                return w;
            };

            ErrorInfo.decode = function (r, l, z, q, g) {
                if (!(r instanceof $Reader))
                    r = $Reader.create(r);
                if (q === $undefined)
                    q = 0;
                if (q > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                var c, m, k, v;
                if (l === $undefined)
                    c = r.len;
                else {
                    c = r.pos + l;
                    if (c > r.len)
                        throw $RangeError("index out of range");
                    l = r.len;
                    r.len = c;
                }
                m = g || new $root.google.rpc.ErrorInfo();
                while (r.pos < c) {
                    var s = r.pos;
                    var t = r.tag();
                    if (t === z) {
                        z = $undefined;
                        break;
                    }
                    var u = t & 7;
                    switch (t >>>= 3) {
                    case 1: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.reason = v;
                            else
                                delete m.reason;
                            continue;
                        }
                    case 2: {
                            if (u !== 2)
                                break;
                            if ((v = r.stringVerify()).length)
                                m.domain = v;
                            else
                                delete m.domain;
                            continue;
                        }
                    case 3: {
                            if (u !== 2)
                                break;
                            if (m.metadata === $util.emptyObject)
                                m.metadata = {};
                            var c2 = r.size() + r.pos;
                            if (c2 > r.len)
                                throw $RangeError("index out of range");
                            r.len = c2;
                            k = "";
                            v = "";
                            while (r.pos < c2) {
                                var t2 = r.tag();
                                u = t2 & 7;
                                switch (t2 >>>= 3) {
                                case 1:
                                    if (u !== 2)
                                        break;
                                    k = r.stringVerify();
                                    continue;
                                case 2:
                                    if (u !== 2)
                                        break;
                                    v = r.stringVerify();
                                    continue;
                                }
                                r.skipType(u, q, t2);
                            }
                            if (r.pos !== c2)
                                throw $RangeError("index out of range");
                            r.len = c;
                            if (k === "__proto__")
                                $util.makeProp(m.metadata, k);
                            m.metadata[k] = v;
                            continue;
                        }
                    }
                    r.skipType(u, q, t);
                    if (!r.discardUnknown) {
                        $util.makeProp(m, "$unknowns", false);
                        (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                    }
                }
                if (l !== $undefined) {
                    if (r.pos !== c)
                        throw $RangeError("index out of range");
                    r.len = l;
                }
                if (z !== $undefined)
                    throw $Error("missing end group");
                return m;
            };

            return ErrorInfo;
        })();

        return rpc;
    })();

    return google;
})();

export const grpc = $root.grpc = (() => {

    const grpc = {};

    grpc.health = (function() {

        const health = {};

        health.v1 = (function() {

            const v1 = {};

            v1.HealthCheckRequest = (function() {

                const HealthCheckRequest = function (p) {
                    if (p)
                        for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                            if (p[ks[i]] != null && ks[i] !== "__proto__")
                                this[ks[i]] = p[ks[i]];
                };

                HealthCheckRequest.prototype.service = "";

                HealthCheckRequest.create = function(properties) {
                    return new HealthCheckRequest(properties);
                };

                HealthCheckRequest.encode = function (m, w, q) {
                    if (!w)
                        w = $Writer.create();
                    if (q === $undefined)
                        q = 0;
                    if (q > $util.recursionLimit)
                        throw $Error("max depth exceeded");
                    if (m.service != null && $Object.hasOwnProperty.call(m, "service") && m.service !== "")
                        w.uint32(10).string(m.service);
                    if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                        for (var i = 0; i < m.$unknowns.length; ++i)
                            w.raw(m.$unknowns[i]);
                    return w;
                };

                HealthCheckRequest.decode = function (r, l, z, q, g) {
                    if (!(r instanceof $Reader))
                        r = $Reader.create(r);
                    if (q === $undefined)
                        q = 0;
                    if (q > $Reader.recursionLimit)
                        throw $Error("max depth exceeded");
                    var c, m, v;
                    if (l === $undefined)
                        c = r.len;
                    else {
                        c = r.pos + l;
                        if (c > r.len)
                            throw $RangeError("index out of range");
                        l = r.len;
                        r.len = c;
                    }
                    m = g || new $root.grpc.health.v1.HealthCheckRequest();
                    while (r.pos < c) {
                        var s = r.pos;
                        var t = r.tag();
                        if (t === z) {
                            z = $undefined;
                            break;
                        }
                        var u = t & 7;
                        switch (t >>>= 3) {
                        case 1: {
                                if (u !== 2)
                                    break;
                                if ((v = r.stringVerify()).length)
                                    m.service = v;
                                else
                                    delete m.service;
                                continue;
                            }
                        }
                        r.skipType(u, q, t);
                        if (!r.discardUnknown) {
                            $util.makeProp(m, "$unknowns", false);
                            (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                        }
                    }
                    if (l !== $undefined) {
                        if (r.pos !== c)
                            throw $RangeError("index out of range");
                        r.len = l;
                    }
                    if (z !== $undefined)
                        throw $Error("missing end group");
                    return m;
                };

                return HealthCheckRequest;
            })();

            v1.HealthCheckResponse = (function() {

                const HealthCheckResponse = function (p) {
                    if (p)
                        for (var ks = $Object.keys(p), i = 0; i < ks.length; ++i)
                            if (p[ks[i]] != null && ks[i] !== "__proto__")
                                this[ks[i]] = p[ks[i]];
                };

                HealthCheckResponse.prototype.status = 0;

                HealthCheckResponse.create = function(properties) {
                    return new HealthCheckResponse(properties);
                };

                HealthCheckResponse.encode = function (m, w, q) {
                    if (!w)
                        w = $Writer.create();
                    if (q === $undefined)
                        q = 0;
                    if (q > $util.recursionLimit)
                        throw $Error("max depth exceeded");
                    if (m.status != null && $Object.hasOwnProperty.call(m, "status") && m.status !== 0)
                        w.uint32(8).int32(m.status);
                    if (m.$unknowns != null && $Object.hasOwnProperty.call(m, "$unknowns"))
                        for (var i = 0; i < m.$unknowns.length; ++i)
                            w.raw(m.$unknowns[i]);
                    return w;
                };

                HealthCheckResponse.decode = function (r, l, z, q, g) {
                    if (!(r instanceof $Reader))
                        r = $Reader.create(r);
                    if (q === $undefined)
                        q = 0;
                    if (q > $Reader.recursionLimit)
                        throw $Error("max depth exceeded");
                    var c, m, v;
                    if (l === $undefined)
                        c = r.len;
                    else {
                        c = r.pos + l;
                        if (c > r.len)
                            throw $RangeError("index out of range");
                        l = r.len;
                        r.len = c;
                    }
                    m = g || new $root.grpc.health.v1.HealthCheckResponse();
                    while (r.pos < c) {
                        var s = r.pos;
                        var t = r.tag();
                        if (t === z) {
                            z = $undefined;
                            break;
                        }
                        var u = t & 7;
                        switch (t >>>= 3) {
                        case 1: {
                                if (u !== 0)
                                    break;
                                if (v = r.int32())
                                    m.status = v;
                                else
                                    delete m.status;
                                continue;
                            }
                        }
                        r.skipType(u, q, t);
                        if (!r.discardUnknown) {
                            $util.makeProp(m, "$unknowns", false);
                            (m.$unknowns || (m.$unknowns = [])).push(r.raw(s, r.pos));
                        }
                    }
                    if (l !== $undefined) {
                        if (r.pos !== c)
                            throw $RangeError("index out of range");
                        r.len = l;
                    }
                    if (z !== $undefined)
                        throw $Error("missing end group");
                    return m;
                };

                HealthCheckResponse.ServingStatus = (function() {
                    const valuesById = $Object.create(null), values = $Object.create(valuesById);
                    values[valuesById[0] = "UNKNOWN"] = 0;
                    values[valuesById[1] = "SERVING"] = 1;
                    values[valuesById[2] = "NOT_SERVING"] = 2;
                    values[valuesById[3] = "SERVICE_UNKNOWN"] = 3;
                    return values;
                })();

                return HealthCheckResponse;
            })();

            v1.Health = (function() {

                const Health = function(rpcImpl, requestDelimited, responseDelimited) {
                    $protobuf.rpc.Service.call(this, rpcImpl, requestDelimited, responseDelimited);
                };

                $Object.defineProperty(Health.prototype = $Object.create($protobuf.rpc.Service.prototype), "constructor", { value: Health, writable: true, enumerable: false, configurable: true });

                Health.create = function(rpcImpl, requestDelimited, responseDelimited) {
                    return new this(rpcImpl, requestDelimited, responseDelimited);
                };



                $Object.defineProperties(Health.prototype.check = function(request, callback) {
                    return $protobuf.rpc.Service.prototype.rpcCall.call(this, Health.prototype.check, $root.grpc.health.v1.HealthCheckRequest, $root.grpc.health.v1.HealthCheckResponse, request, callback);
                }, {
                    name: { value: "Check" },
                    path: { value: "/grpc.health.v1.Health/Check" },
                    requestType: { value: "HealthCheckRequest" },
                    responseType: { value: "HealthCheckResponse" },
                    requestStream: { value: $undefined },
                    responseStream: { value: $undefined }
                });



                $Object.defineProperties(Health.prototype.watch = function(request, callback) {
                    return $protobuf.rpc.Service.prototype.rpcCall.call(this, Health.prototype.watch, $root.grpc.health.v1.HealthCheckRequest, $root.grpc.health.v1.HealthCheckResponse, request, callback);
                }, {
                    name: { value: "Watch" },
                    path: { value: "/grpc.health.v1.Health/Watch" },
                    requestType: { value: "HealthCheckRequest" },
                    responseType: { value: "HealthCheckResponse" },
                    requestStream: { value: $undefined },
                    responseStream: { value: true }
                });

                return Health;
            })();

            return v1;
        })();

        return health;
    })();

    return grpc;
})();

export {
  $root as default
};
