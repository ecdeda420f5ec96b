{{/* From values to the program's settings: environment variables, and the files that they name. */}}

{{- define "webhook-gateway.filesDir" -}}/etc/webhook-gateway{{- end }}
{{- define "webhook-gateway.homeDir" -}}/var/lib/webhook-gateway{{- end }}
{{- define "webhook-gateway.indexDir" -}}/var/lib/webhook-gateway-console{{- end }}
{{- define "webhook-gateway.catalogDir" -}}/usr/share/webhook-gateway/catalog{{- end }}

{{/* JSON of the settings and files that follow from a Strimzi cluster: {config, files}. */}}
{{- define "webhook-gateway.strimzi" -}}
{{- $config := dict }}
{{- $files := dict }}
{{- with .Values.strimzi }}
{{- if .cluster }}
{{- $host := printf "%s-kafka-bootstrap.%s.svc" .cluster (.namespace | default $.Release.Namespace) }}
{{- $_ := set $config "bootstrap_servers" (printf "%s:%v" $host .port) }}
{{- $_ := set $config "kafka_security_protocol" (ternary "SASL_SSL" "SSL" (eq .authentication "scram-sha-512")) }}
{{- $_ := set $files "kafka_ca_file" (dict "secret" (printf "%s-cluster-ca-cert" .cluster) "key" "ca.crt") }}
{{- if eq .authentication "scram-sha-512" }}
{{- $_ := set $config "kafka_sasl_mechanism" "SCRAM-SHA-512" }}
{{- $_ := set $config "kafka_sasl_username" .user }}
{{- $_ := set $files "kafka_sasl_password_file" (dict "secret" .user "key" "password") }}
{{- else if eq .authentication "tls" }}
{{- $_ := set $files "kafka_client_cert_file" (dict "secret" .user "key" "user.crt") }}
{{- $_ := set $files "kafka_client_key_file" (dict "secret" .user "key" "user.key") }}
{{- end }}
{{- end }}
{{- end }}
{{- dict "config" $config "files" $files | toJson }}
{{- end }}

{{/* JSON of a process's own `config`: Strimzi's, the common one, its own; the later ones are stronger. */}}
{{- define "webhook-gateway.config" -}}
{{- $strimzi := include "webhook-gateway.strimzi" .root | fromJson }}
{{- $merged := mergeOverwrite dict $strimzi.config (deepCopy .root.Values.config) (deepCopy .values.config) }}
{{- if not $merged.bootstrap_servers }}
{{- fail "config.bootstrap_servers is missing: name Kafka's brokers there, or a cluster in strimzi.cluster" }}
{{- end }}
{{- toJson $merged }}
{{- end }}

{{/* JSON of the files that a process gets. */}}
{{- define "webhook-gateway.files" -}}
{{- $strimzi := include "webhook-gateway.strimzi" .root | fromJson }}
{{- $given := dict }}
{{- range list $strimzi.files .root.Values.files .values.files }}
{{- range $setting, $source := . }}
{{- /* Replaced as a whole: parts of two sources are none. */}}
{{- $_ := set $given $setting $source }}
{{- end }}
{{- end }}
{{- $needed := dict }}
{{- range $setting, $source := $given }}
{{- $users := list "stream" "egress" "console" }}
{{- if hasPrefix "kafka_" $setting }}{{ $users = list "stream" "egress" "console" "topics" }}
{{- else if hasPrefix "schema_registry_" $setting }}{{ $users = list "stream" }}
{{- else if eq $setting "secret_keys_file" }}{{ $users = list "egress" "console" }}
{{- else if eq $setting "egress_proxy_file" }}{{ $users = list "egress" }}
{{- else if or (hasPrefix "oidc_" $setting) (hasPrefix "console_" $setting) }}{{ $users = list "console" }}
{{- end }}
{{- if and $source (has $.name $users) }}{{ $_ := set $needed $setting $source }}{{ end }}
{{- end }}
{{- if and (has .name (list "egress" "console")) (not $needed.secret_keys_file) }}
{{- fail (printf "files.secret_keys_file is missing: %s works with signing secrets; make a key with `gateway secrets new-key`" .name) }}
{{- end }}
{{- toJson $needed }}
{{- end }}

{{/* Keys and values of the Secret that the chart makes for a process, of the files that are given as values: YAML. */}}
{{- define "webhook-gateway.ownSecret" -}}
{{- range $setting, $source := include "webhook-gateway.files" . | fromJson }}
{{- if hasKey $source "value" }}
{{ $setting }}: {{ $source.value | quote }}
{{- end }}
{{- end }}
{{- end }}

{{/* The environment of a process. Numbers go through JSON: a template would write large ones as 1e+06. */}}
{{- define "webhook-gateway.env" -}}
{{- range $setting, $value := include "webhook-gateway.config" . | fromJson }}
{{- if not (kindIs "invalid" $value) }}
- name: GATEWAY_{{ upper $setting }}
  value: {{ ternary $value (toJson $value) (kindIs "string" $value) | quote }}
{{- end }}
{{- end }}
{{- range $setting, $_ := include "webhook-gateway.files" . | fromJson }}
- name: GATEWAY_{{ upper $setting }}
  value: {{ include "webhook-gateway.filesDir" $ }}/{{ $setting }}
{{- end }}
- name: GATEWAY_HOME
  value: {{ include "webhook-gateway.homeDir" . }}
{{- if .root.Values.catalog.volume }}
- name: GATEWAY_CATALOG_DIR
  value: {{ include "webhook-gateway.catalogDir" . }}
{{- end }}
{{- end }}

{{/* One folder with all files of a process. */}}
{{- define "webhook-gateway.filesVolume" -}}
{{- $files := include "webhook-gateway.files" . | fromJson }}
{{- if $files }}
- name: files
  projected:
    defaultMode: 0440
    sources:
      {{- range $setting, $source := $files }}
      {{- if $source.configMap }}
      - configMap:
          name: {{ $source.configMap }}
          items: [{key: {{ $source.key | quote }}, path: {{ $setting }}}]
      {{- else if $source.secret }}
      - secret:
          name: {{ $source.secret }}
          items: [{key: {{ $source.key | quote }}, path: {{ $setting }}}]
      {{- else }}
      - secret:
          name: {{ include "webhook-gateway.name" $ }}
          items: [{key: {{ $setting }}, path: {{ $setting }}}]
      {{- end }}
      {{- end }}
{{- end }}
{{- end }}
