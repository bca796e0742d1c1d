package dcerpc

import "strings"

// serviceInfo names an interface and its operations, in the order of their numbers; a dash stands for one without a name.
type serviceInfo struct {
	uuid       string
	name       string
	procedures []string
}

func ops(s string) []string {
	list := strings.Fields(s)
	for i, n := range list {
		if n == "-" {
			list[i] = ""
		}
	}
	return list
}

// services are those of Windows that attackers use or that are seen most (the MS-* protocol documents, appendix A each).
var services = []serviceInfo{
	{"\x36\x7a\xbb\x81\x98\x44\x35\xf1\xad\x32\x98\xf0\x38\x00\x10\x03", "svcctl", ops(`CloseServiceHandle ControlService
		DeleteService LockServiceDatabase QueryServiceObjectSecurity SetServiceObjectSecurity QueryServiceStatus
		SetServiceStatus UnlockServiceDatabase NotifyBootConfigStatus ScSetServiceBitsW ChangeServiceConfigW CreateServiceW
		EnumDependentServicesW EnumServicesStatusW OpenSCManagerW OpenServiceW QueryServiceConfigW QueryServiceLockStatusW
		StartServiceW GetServiceDisplayNameW GetServiceKeyNameW ScSetServiceBitsA ChangeServiceConfigA CreateServiceA
		EnumDependentServicesA EnumServicesStatusA OpenSCManagerA OpenServiceA QueryServiceConfigA QueryServiceLockStatusA
		StartServiceA GetServiceDisplayNameA GetServiceKeyNameA ScGetCurrentGroupStateW EnumServiceGroupW
		ChangeServiceConfig2A ChangeServiceConfig2W QueryServiceConfig2A QueryServiceConfig2W QueryServiceStatusEx
		EnumServicesStatusExA EnumServicesStatusExW ScSendTSMessage CreateServiceWOW64A CreateServiceWOW64W
		ScQueryServiceTagInfo NotifyServiceStatusChange GetNotifyResults CloseNotifyHandle ControlServiceExA
		ControlServiceExW ScSendPnPMessage ScValidatePnPService ScOpenServiceStatusHandle`)},
	{"\x1f\xf7\x06\x82\x0a\x51\x30\xe8\x07\x6d\x74\x0b\xe8\xce\xe9\x8b", "atsvc",
		ops("NetrJobAdd NetrJobDel NetrJobEnum NetrJobGetInfo")},
	{"\x86\xd3\x59\x49\x83\xc9\x40\x44\xb4\x24\xdb\x36\x32\x31\xfd\x0c", "ITaskSchedulerService", ops(`SchRpcHighestVersion
		SchRpcRegisterTask SchRpcRetrieveTask SchRpcCreateFolder SchRpcSetSecurity SchRpcGetSecurity SchRpcEnumFolder
		SchRpcEnumTasks SchRpcEnumInstances SchRpcGetInstanceInfo SchRpcStopInstance SchRpcStop SchRpcRun SchRpcDelete
		SchRpcRename SchRpcScheduledRuntimes SchRpcGetLastRunInfo SchRpcGetTaskInfo`)},
	{"\xaf\xa8\xbd\x80\x7d\x8a\x11\xc9\xbe\xf4\x08\x00\x2b\x10\x29\x89", "mgmt",
		ops("inq_if_ids inq_stats is_server_listening stop_server_listening inq_princ_name")},
	{"\xe1\xaf\x83\x08\x5d\x1f\x11\xc9\x91\xa4\x08\x00\x2b\x14\xa0\xfa", "epmapper",
		ops("ept_insert ept_delete ept_lookup ept_map ept_lookup_handle_free ept_inq_object ept_mgmt_delete ept_map_auth")},
	{"\x00\x00\x01\xa0\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00\x46", "IRemoteSCMActivator",
		ops("- - - RemoteGetClassObject RemoteCreateInstance")},
	{"\x00\x00\x01\x43\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00\x46", "IRemUnknown2",
		ops("QueryInterface AddRef Release RemQueryInterface RemAddRef RemRelease RemQueryInterface2")},
	{"\x00\x00\x01\x31\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00\x46", "IRemUnknown",
		ops("QueryInterface AddRef Release RemQueryInterface RemAddRef RemRelease")},
	{"\x99\xfc\xfe\xc4\x52\x60\x10\x1b\xbb\xcb\x00\xaa\x00\x21\x34\x7a", "IObjectExporter",
		ops("ResolveOxid SimplePing ComplexPing ServerAlive ResolveOxid2 ServerAlive2")},
	{"\x4d\x9f\x4a\xb8\x7d\x1c\x11\xcf\x86\x1e\x00\x20\xaf\x6e\x7c\x57", "IActivation", ops("RemoteActivation")},
	{"\x12\x34\x57\x78\x12\x34\xab\xcd\xef\x00\x01\x23\x45\x67\x89\xab", "lsarpc", ops(`LsarClose LsarDelete
		LsarEnumeratePrivileges LsarQuerySecurityObject LsarSetSecurityObject LsarChangePassword LsarOpenPolicy
		LsarQueryInformationPolicy LsarSetInformationPolicy LsarClearAuditLog LsarCreateAccount LsarEnumerateAccounts
		LsarCreateTrustedDomain LsarEnumerateTrustedDomains LsarLookupNames LsarLookupSids LsarCreateSecret LsarOpenAccount
		LsarEnumeratePrivilegesAccount LsarAddPrivilegesToAccount LsarRemovePrivilegesFromAccount LsarGetQuotasForAccount
		LsarSetQuotasForAccount LsarGetSystemAccessAccount LsarSetSystemAccessAccount LsarOpenTrustedDomain
		LsarQueryInfoTrustedDomain LsarSetInformationTrustedDomain LsarOpenSecret LsarSetSecret LsarQuerySecret
		LsarLookupPrivilegeValue LsarLookupPrivilegeName LsarLookupPrivilegeDisplayName LsarDeleteObject
		LsarEnumerateAccountsWithUserRight LsarEnumerateAccountRights LsarAddAccountRights LsarRemoveAccountRights
		LsarQueryTrustedDomainInfo LsarSetTrustedDomainInfo LsarDeleteTrustedDomain LsarStorePrivateData
		LsarRetrievePrivateData LsarOpenPolicy2 LsarGetUserName LsarQueryInformationPolicy2 LsarSetInformationPolicy2`)},
	{"\x12\x34\x57\x78\x12\x34\xab\xcd\xef\x00\x01\x23\x45\x67\x89\xac", "samr", ops(`SamrConnect SamrCloseHandle
		SamrSetSecurityObject SamrQuerySecurityObject SamrShutdownSamServer SamrLookupDomainInSamServer
		SamrEnumerateDomainsInSamServer SamrOpenDomain SamrQueryInformationDomain SamrSetInformationDomain
		SamrCreateGroupInDomain SamrEnumerateGroupsInDomain SamrCreateUserInDomain SamrEnumerateUsersInDomain
		SamrCreateAliasInDomain SamrEnumerateAliasesInDomain SamrGetAliasMembership SamrLookupNamesInDomain
		SamrLookupIdsInDomain SamrOpenGroup SamrQueryInformationGroup SamrSetInformationGroup SamrAddMemberToGroup
		SamrDeleteGroup SamrRemoveMemberFromGroup SamrGetMembersInGroup SamrSetMemberAttributesOfGroup SamrOpenAlias
		SamrQueryInformationAlias SamrSetInformationAlias SamrDeleteAlias SamrAddMemberToAlias SamrRemoveMemberFromAlias
		SamrGetMembersInAlias SamrOpenUser SamrDeleteUser SamrQueryInformationUser SamrSetInformationUser
		SamrChangePasswordUser SamrGetGroupsForUser SamrQueryDisplayInformation SamrGetDisplayEnumerationIndex
		SamrTestPrivateFunctionsDomain SamrTestPrivateFunctionsUser SamrGetUserDomainPasswordInformation
		SamrRemoveMemberFromForeignDomain SamrQueryInformationDomain2 SamrQueryInformationUser2
		SamrQueryDisplayInformation2 SamrGetDisplayEnumerationIndex2 SamrCreateUser2InDomain SamrQueryDisplayInformation3
		SamrAddMultipleMembersToAlias SamrRemoveMultipleMembersFromAlias SamrOemChangePasswordUser2
		SamrUnicodeChangePasswordUser2 SamrGetDomainPasswordInformation SamrConnect2 SamrSetInformationUser2
		SamrSetBootKeyInformation SamrGetBootKeyInformation SamrConnect3 SamrConnect4 SamrUnicodeChangePasswordUser3
		SamrConnect5 SamrRidToSid SamrSetDSRMPassword SamrValidatePassword`)},
	{"\x4b\x32\x4f\xc8\x16\x70\x01\xd3\x12\x78\x5a\x47\xbf\x6e\xe1\x88", "srvsvc", ops(`- - - - - - - - NetrConnectionEnum
		NetrFileEnum NetrFileGetInfo NetrFileClose NetrSessionEnum NetrSessionDel NetrShareAdd NetrShareEnum
		NetrShareGetInfo NetrShareSetInfo NetrShareDel NetrShareDelSticky NetrShareCheck NetrServerGetInfo
		NetrServerSetInfo NetrServerDiskEnum NetrServerStatisticsGet NetrServerTransportAdd NetrServerTransportEnum
		NetrServerTransportDel NetrRemoteTOD NetrServerSetServiceBits NetprPathType NetprPathCanonicalize NetprPathCompare
		NetprNameValidate NetprNameCanonicalize NetprNameCompare NetrShareEnumSticky NetrShareDelStart NetrShareDelCommit
		NetrpGetFileSecurity NetrpSetFileSecurity NetrServerTransportAddEx`)},
	{"\x6b\xff\xd0\x98\xa1\x12\x36\x10\x98\x33\x46\xc3\xf8\x7e\x34\x5a", "wkssvc", ops(`NetrWkstaGetInfo NetrWkstaSetInfo
		NetrWkstaUserEnum - - NetrWkstaTransportEnum NetrWkstaTransportAdd NetrWkstaTransportDel NetrUseAdd NetrUseGetInfo
		NetrUseDel NetrUseEnum - NetrWorkstationStatisticsGet - - - - - - NetrGetJoinInformation - NetrJoinDomain2
		NetrUnjoinDomain2 NetrRenameMachineInDomain2 NetrValidateName2 NetrGetJoinableOUs2`)},
	{"\x33\x8c\xd0\x01\x22\x44\x31\xf1\xaa\xaa\x90\x00\x38\x00\x10\x03", "winreg", ops(`OpenClassesRoot OpenCurrentUser
		OpenLocalMachine OpenPerformanceData OpenUsers BaseRegCloseKey BaseRegCreateKey BaseRegDeleteKey BaseRegDeleteValue
		BaseRegEnumKey BaseRegEnumValue BaseRegFlushKey BaseRegGetKeySecurity BaseRegLoadKey - BaseRegOpenKey
		BaseRegQueryInfoKey BaseRegQueryValue BaseRegReplaceKey BaseRegRestoreKey BaseRegSaveKey BaseRegSetKeySecurity
		BaseRegSetValue BaseRegUnLoadKey - - BaseRegGetVersion OpenCurrentConfig - BaseRegQueryMultipleValues -
		BaseRegSaveKeyEx OpenPerformanceText OpenPerformanceNlsText BaseRegQueryMultipleValues2 BaseRegDeleteKeyEx`)},
	{"\xe3\x51\x42\x35\x4b\x06\x11\xd1\xab\x04\x00\xc0\x4f\xc2\xdc\xd2", "drsuapi", ops(`DRSBind DRSUnbind DRSReplicaSync
		DRSGetNCChanges DRSUpdateRefs DRSReplicaAdd DRSReplicaDel DRSReplicaModify DRSVerifyNames DRSGetMemberships
		DRSInterDomainMove DRSGetNT4ChangeLog DRSCrackNames DRSWriteSPN DRSRemoveDsServer DRSRemoveDsDomain
		DRSDomainControllerInfo DRSAddEntry DRSExecuteKCC DRSGetReplInfo DRSAddSidHistory DRSGetMemberships2
		DRSReplicaVerifyObjects DRSGetObjectExistence DRSQuerySitesByCost`)},
	{"\x12\x34\x56\x78\x12\x34\xab\xcd\xef\x00\x01\x23\x45\x67\xcf\xfb", "netlogon", ops(`NetrLogonUasLogon
		NetrLogonUasLogoff NetrLogonSamLogon NetrLogonSamLogoff NetrServerReqChallenge NetrServerAuthenticate
		NetrServerPasswordSet NetrDatabaseDeltas NetrDatabaseSync NetrAccountDeltas NetrAccountSync NetrGetDCName
		NetrLogonControl NetrGetAnyDCName NetrLogonControl2 NetrServerAuthenticate2 NetrDatabaseSync2 NetrDatabaseRedo
		NetrLogonControl2Ex NetrEnumerateTrustedDomains DsrGetDcName NetrLogonGetCapabilities NetrLogonSetServiceBits
		NetrLogonGetTrustRid NetrLogonComputeServerDigest NetrLogonComputeClientDigest NetrServerAuthenticate3
		DsrGetDcNameEx DsrGetSiteName NetrLogonGetDomainInfo NetrServerPasswordSet2 NetrServerPasswordGet
		NetrLogonSendToSam DsrAddressToSiteNamesW DsrGetDcNameEx2 NetrLogonGetTimeServiceParentDomain
		NetrEnumerateTrustedDomainsEx DsrAddressToSiteNamesExW DsrGetDcSiteCoverageW NetrLogonSamLogonEx
		DsrEnumerateDomainTrusts DsrDeregisterDnsHostRecords NetrServerTrustPasswordsGet DsrGetForestTrustInformation
		NetrGetForestTrustInformation NetrLogonSamLogonWithFlags NetrServerGetTrustInfo`)},
	{"\x12\x34\x56\x78\x12\x34\xab\xcd\xef\x00\x01\x23\x45\x67\x89\xab", "spoolss", ops(`RpcEnumPrinters RpcOpenPrinter
		RpcSetJob RpcGetJob RpcEnumJobs RpcAddPrinter RpcDeletePrinter RpcSetPrinter RpcGetPrinter RpcAddPrinterDriver
		RpcEnumPrinterDrivers RpcGetPrinterDriver RpcGetPrinterDriverDirectory RpcDeletePrinterDriver
		RpcAddPrintProcessor RpcEnumPrintProcessors RpcGetPrintProcessorDirectory RpcStartDocPrinter RpcStartPagePrinter
		RpcWritePrinter RpcEndPagePrinter RpcAbortPrinter RpcReadPrinter RpcEndDocPrinter RpcAddJob RpcScheduleJob
		RpcGetPrinterData RpcSetPrinterData RpcWaitForPrinterChange RpcClosePrinter RpcAddForm RpcDeleteForm RpcGetForm
		RpcSetForm RpcEnumForms RpcEnumPorts RpcEnumMonitors RpcAddPort RpcConfigurePort RpcDeletePort
		RpcCreatePrinterIC RpcPlayGdiScriptOnPrinterIC RpcDeletePrinterIC RpcAddPrinterConnection
		RpcDeletePrinterConnection RpcPrinterMessageBox RpcAddMonitor RpcDeleteMonitor RpcDeletePrintProcessor
		RpcAddPrintProvidor RpcDeletePrintProvidor RpcEnumPrintProcessorDatatypes RpcResetPrinter RpcGetPrinterDriver2
		RpcClientFindFirstPrinterChangeNotification RpcFindNextPrinterChangeNotification
		RpcFindClosePrinterChangeNotification RpcRouterFindFirstPrinterChangeNotificationOld RpcReplyOpenPrinter
		RpcRouterReplyPrinter RpcReplyClosePrinter RpcAddPortEx RpcRemoteFindFirstPrinterChangeNotification
		RpcSpoolerInit RpcResetPrinterEx RpcRemoteFindFirstPrinterChangeNotificationEx RpcRouterReplyPrinterEx
		RpcRouterRefreshPrinterChangeNotification - RpcOpenPrinterEx RpcAddPrinterEx RpcSetPort RpcEnumPrinterData
		RpcDeletePrinterData RpcClusterSplOpen RpcClusterSplClose RpcClusterSplIsAlive RpcSetPrinterDataEx
		RpcGetPrinterDataEx RpcEnumPrinterDataEx RpcEnumPrinterKey RpcDeletePrinterDataEx RpcDeletePrinterKey RpcSeekPrinter
		RpcDeletePrinterDriverEx RpcAddPerMachineConnection RpcDeletePerMachineConnection RpcEnumPerMachineConnections
		RpcXcvData RpcAddPrinterDriverEx`)},
	{"\xc6\x81\xd4\x88\xd8\x50\x11\xd0\x8c\x52\x00\xc0\x4f\xd9\x0f\x7e", "efsrpc", ops(`EfsRpcOpenFileRaw EfsRpcReadFileRaw
		EfsRpcWriteFileRaw EfsRpcCloseRaw EfsRpcEncryptFileSrv EfsRpcDecryptFileSrv EfsRpcQueryUsersOnFile
		EfsRpcQueryRecoveryAgents EfsRpcRemoveUsersFromFile EfsRpcAddUsersToFile - EfsRpcNotSupported EfsRpcFileKeyInfo
		EfsRpcDuplicateEncryptionInfoFile`)},
	{"\x4f\xc7\x42\xe0\x4a\x10\x11\xcf\x82\x73\x00\xaa\x00\x4a\xe6\x73", "netdfs", ops(`NetrDfsManagerGetVersion NetrDfsAdd
		NetrDfsRemove NetrDfsSetInfo NetrDfsGetInfo NetrDfsEnum NetrDfsMove NetrDfsManagerGetConfigInfo
		NetrDfsManagerSendSiteInfo NetrDfsAddFtRoot NetrDfsRemoveFtRoot NetrDfsAddStdRoot NetrDfsRemoveStdRoot
		NetrDfsManagerInitialize NetrDfsAddStdRootForced NetrDfsGetDcAddress NetrDfsSetDcAddress NetrDfsFlushFtTable
		NetrDfsAdd2 NetrDfsRemove2 NetrDfsEnumEx NetrDfsSetInfo2`)},
	{"\x95\x56\xdc\x99\x82\x8c\x11\xcf\xa3\x7e\x00\xaa\x00\x32\x40\xc7", "IWbemServices", ops(`- - - OpenNamespace
		CancelAsyncCall QueryObjectSink GetObject GetObjectAsync PutClass PutClassAsync DeleteClass DeleteClassAsync
		CreateClassEnum CreateClassEnumAsync PutInstance PutInstanceAsync DeleteInstance DeleteInstanceAsync
		CreateInstanceEnum CreateInstanceEnumAsync ExecQuery ExecQueryAsync ExecNotificationQuery
		ExecNotificationQueryAsync ExecMethod ExecMethodAsync`)},
	{"\xf3\x09\xad\x18\xd8\x6a\x11\xd0\xa0\x75\x00\xc0\x4f\xb6\x88\x20", "IWbemLevel1Login",
		ops("- - - EstablishPosition RequestChallenge WBEMLogin NTLMLogin")},
	{"\x89\x4d\xe0\xc0\x0d\x55\x11\xd3\xa3\x22\x00\xc0\x4f\xa3\x21\xa1", "InitShutdown",
		ops("BaseInitiateShutdown BaseAbortShutdown BaseInitiateShutdownEx")},
	{"\x82\x27\x3f\xdc\xe3\x2a\x18\xc3\x3f\x78\x82\x79\x29\xdc\x23\xea", "eventlog", ops(`ElfrClearELFW ElfrBackupELFW
		ElfrCloseEL ElfrDeregisterEventSource ElfrNumberOfRecords ElfrOldestRecord ElfrChangeNotify ElfrOpenELW
		ElfrRegisterEventSourceW ElfrOpenBELW ElfrReadELW ElfrReportEventW ElfrClearELFA`)},
	{"\x50\xab\xc2\xa4\x57\x4d\x40\xb3\x9d\x66\xee\x4f\xd5\xfb\xa0\x76", "dnsserver", ops(`DnssrvOperation DnssrvQuery
		DnssrvComplexOperation DnssrvEnumRecords DnssrvUpdateRecord DnssrvOperation2 DnssrvQuery2 DnssrvComplexOperation2
		DnssrvEnumRecords2 DnssrvUpdateRecord2`)},
}

// service finds an interface by its UUID; nil when it has no name here.
func service(u [16]byte) *serviceInfo {
	for i := range services {
		if services[i].uuid == string(u[:]) {
			return &services[i]
		}
	}
	return nil
}
