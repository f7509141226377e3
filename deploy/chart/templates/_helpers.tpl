{{- define "executor-registry.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "executor-registry.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else if contains (include "executor-registry.name" .) .Release.Name }}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "executor-registry.name" .) | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "executor-registry.selectorLabels" -}}
app.kubernetes.io/name: {{ include "executor-registry.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "executor-registry.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "executor-registry.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "executor-registry.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "executor-registry.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- required "serviceAccount.name is needed with serviceAccount.create=false: the roles would go to the account `default`, and so to every pod of the namespace" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "executor-registry.image" -}}
{{- $repository := required "image.repository is needed: no image is published, so build deploy/Dockerfile and push it" .Values.image.repository }}
{{- if .Values.image.digest }}
{{- printf "%s@%s" $repository .Values.image.digest }}
{{- else }}
{{- printf "%s:%s" $repository (default .Chart.AppVersion .Values.image.tag) }}
{{- end }}
{{- end }}

{{/* Whether several pods may share the store. */}}
{{- define "executor-registry.shared" -}}
{{- if has .Values.store.kind (list "postgres" "redis") }}true{{ end }}
{{- end }}

{{/* What contradicts itself, said before anything is made of it. */}}
{{- define "executor-registry.validate" -}}
{{- $shared := include "executor-registry.shared" . }}
{{- if and (not $shared) (gt (int .Values.replicaCount) 1) }}
{{- fail (printf "replicaCount: %d pods cannot share a store of kind %s: set store.kind to postgres or redis" (int .Values.replicaCount) .Values.store.kind) }}
{{- end }}
{{- if and (not $shared) .Values.autoscaling.enabled }}
{{- fail (printf "autoscaling.enabled: several pods cannot share a store of kind %s: set store.kind to postgres or redis" .Values.store.kind) }}
{{- end }}
{{- if and $shared (not .Values.store.address) }}
{{- fail (printf "store.address is needed for a store of kind %s" .Values.store.kind) }}
{{- end }}
{{- if and .Values.serviceMonitor.enabled .Values.podMonitor.enabled }}
{{- fail "serviceMonitor.enabled and podMonitor.enabled: each pod would be scraped twice; enable one of them" }}
{{- end }}
{{- if le (int .Values.terminationGracePeriodSeconds) (add (int .Values.preStopSeconds) 9) }}
{{- fail (printf "terminationGracePeriodSeconds: %d s are too few: the service ends within 9 s after preStopSeconds (%d s)" (int .Values.terminationGracePeriodSeconds) (int .Values.preStopSeconds)) }}
{{- end }}
{{- if regexMatch "//[^/@]*:[^/@]*@" .Values.store.address }}
{{- fail "store.address: a password in it would be in the ConfigMap; put it into a Secret, and name that in store.passwordSecret" }}
{{- end }}
{{- if hasKey .Values.config "store" }}
{{- fail "config.store: set store instead, so that the pods have what it needs" }}
{{- end }}
{{- with dig "listen" "host" "" .Values.config }}
{{- if regexMatch "^(127\\..*|localhost|::1)$" . }}
{{- fail (printf "config.listen.host: neither probes nor the Service reach %s; leave it out" .) }}
{{- end }}
{{- end }}
{{- $mounts := list }}
{{- range .Values.extraVolumeMounts }}{{ $mounts = append $mounts (printf "%s/" (trimSuffix "/" .mountPath)) }}{{ end }}
{{- /* With its quotation mark: /var/run/secrets is another place. */}}
{{- range uniq (regexFindAll "\"/secrets/[a-z0-9.-]+/" (toJson .Values.config) -1) }}
{{- $path := trimPrefix "\"" . }}
{{- $name := trimAll "/" (trimPrefix "/secrets" $path) }}
{{- $mounted := has $name $.Values.secrets }}
{{- range $mounts }}{{ if hasPrefix . $path }}{{ $mounted = true }}{{ end }}{{ end }}
{{- if not $mounted }}
{{- fail (printf "secrets: config names a file in %s, and no such Secret is mounted there: add %q to secrets" $path $name) }}
{{- end }}
{{- end }}
{{- range .Values.dispatchers }}
{{- if and .networkPolicy (not $.Values.networkPolicy.egress.apiServer.cidrs) }}
{{- fail (printf "networkPolicy.egress.apiServer.cidrs is needed, since the dispatcher %s:%s has a network policy; `kubectl -n default get endpointslices kubernetes` shows the addresses" .namespace .serviceAccount) }}
{{- end }}
{{- end }}
{{- if .Values.networkPolicy.enabled }}
{{- if and (include "executor-registry.usesApi" .) (not .Values.networkPolicy.egress.apiServer.cidrs) }}
{{- fail "networkPolicy.egress.apiServer.cidrs is needed, since the configuration uses the Kubernetes API; `kubectl -n default get endpointslices kubernetes` shows the addresses" }}
{{- end }}
{{- if and $shared (not .Values.networkPolicy.egress.database.to) }}
{{- fail (printf "networkPolicy.egress.database.to is needed for a store of kind %s" .Values.store.kind) }}
{{- end }}
{{- end }}
{{- end }}

{{/* The service's configuration, whole. */}}
{{- define "executor-registry.config" -}}
{{- $config := deepCopy .Values.config }}
{{- $listen := mergeOverwrite (dict "port" 8080) (default dict $config.listen) }}
{{- if hasKey $listen "hosts" }}
{{- /* What is in the cluster asks by the Service's name, which is listed so that nobody forgets it. */}}
{{- $name := printf "%s.%s" (include "executor-registry.fullname" .) .Release.Namespace }}
{{- $_ := set $listen "hosts" (concat $listen.hosts (list $name (printf "%s.svc" $name) (printf "%s.svc.cluster.local" $name)) | uniq) }}
{{- end }}
{{- $_ := set $config "listen" $listen }}
{{- $store := .Values.store }}
{{- if eq $store.kind "memory" }}
{{- $_ := set $config "store" "memory:" }}
{{- else if eq $store.kind "sqlite" }}
{{- $_ := set $config "store" "sqlite:/var/lib/executor-registry/catalogue.db" }}
{{- else }}
{{- $settings := dict "address" $store.address }}
{{- with $store.direct }}{{ $_ := set $settings "direct" . }}{{ end }}
{{- if $store.passwordSecret.name }}{{ $_ := set $settings "password" (dict "file" "/run/store/password") }}{{ end }}
{{- if $store.caSecret.name }}{{ $_ := set $settings "ca" "/run/store/ca.crt" }}{{ end }}
{{- $_ := set $config "store" $settings }}
{{- end }}
{{- if .Values.dispatchers }}
{{- $auth := default dict $config.auth }}
{{- $kubernetes := default dict $auth.kubernetes }}
{{- $accounts := default dict $kubernetes.serviceAccounts }}
{{- range .Values.dispatchers }}
{{- $accounts = mergeOverwrite (dict (printf "%s:%s" .namespace .serviceAccount) "dispatcher") $accounts }}
{{- end }}
{{- $_ := set $kubernetes "serviceAccounts" $accounts }}
{{- $_ := set $auth "kubernetes" $kubernetes }}
{{- $_ := set $config "auth" $auth }}
{{- end }}
{{- toYaml $config }}
{{- end }}

{{/* Whether tokens of service accounts are reviewed. */}}
{{- define "executor-registry.reviewsTokens" -}}
{{- if or .Values.dispatchers (dig "auth" "kubernetes" nil .Values.config) }}true{{ end }}
{{- end }}

{{/* Whether the service asks the Kubernetes API of its own cluster for anything. */}}
{{- define "executor-registry.usesApi" -}}
{{- if include "executor-registry.reviewsTokens" . }}true{{ end }}
{{- range .Values.config.sources }}
{{- if or (and (eq .kind "cluster") (not .kubeconfig)) (dig "credentials" "pullSecret" "" .) }}true{{ end }}
{{- end }}
{{- end }}

{{/* Egress to DNS: to its pods, and to NodeLocal DNSCache, which is on the node's network, where no selector of pods leads. */}}
{{- define "executor-registry.dns" -}}
{{- $dns := .Values.networkPolicy.egress.dns -}}
- to:
    - namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: kube-system
      podSelector:
        matchLabels:
          k8s-app: kube-dns
    {{- range compact (list $dns.nodeLocal $dns.clusterIP) }}
    - ipBlock:
        cidr: {{ . }}/{{ contains ":" . | ternary 128 32 }}
    {{- end }}
  ports:
    - { protocol: UDP, port: 53 }
    - { protocol: TCP, port: 53 }
{{- end }}

{{/* Egress to the API server. */}}
{{- define "executor-registry.apiServer" -}}
{{- with .Values.networkPolicy.egress.apiServer -}}
- to:
    {{- range .cidrs }}
    - ipBlock:
        cidr: {{ . }}
    {{- end }}
  ports:
    {{- range .ports }}
    - { protocol: TCP, port: {{ . }} }
    {{- end }}
{{- end }}
{{- end }}

{{/* The port that the service listens at. */}}
{{- define "executor-registry.port" -}}
{{- dig "listen" "port" 8080 .Values.config | int }}
{{- end }}

{{/* How pods resolve names. */}}
{{- define "executor-registry.dnsSettings" -}}
{{- with .Values.dnsPolicy }}
dnsPolicy: {{ . }}
{{- end }}
{{- with .Values.dnsConfig }}
dnsConfig:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
