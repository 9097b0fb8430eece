#!/usr/bin/env pwsh

<#
.SYNOPSIS
Builds, tests, checks, measures and packs InferenceGuard.
.DESCRIPTION
A thin front for the dotnet commands of CONTRIBUTING.md: it prints the command it runs, and passes on its exit code.
Without PowerShell, type those commands yourself; nothing else happens here.
.PARAMETER Task
restore: packages. build: everything (the default). test: everything, then all tests. lint: formatting and analyzers, changes nothing.
bench: the benchmarks. pack: NuGet packages into artifacts/packages.
.PARAMETER Configuration
Release (the default) or Debug.
.PARAMETER Arguments
Whatever follows the task goes to the dotnet command, or to the benchmarks. Write long options (--verbosity): PowerShell keeps the short ones.
.PARAMETER Help
Shows this text.
.EXAMPLE
./build.ps1 test
Builds and tests everything.
.EXAMPLE
./build.ps1 test --filter FullyQualifiedName~LayeringTests
Runs some of the tests.
.EXAMPLE
./build.ps1 bench --help
Says which benchmarks there are.
#>
param(
    [Parameter(Position = 0)]
    [ValidateSet('restore', 'build', 'test', 'lint', 'bench', 'pack')]
    [string] $Task = 'build',

    [ValidateSet('Release', 'Debug')]
    [string] $Configuration = 'Release',

    [switch] $Help,

    [Parameter(ValueFromRemainingArguments)]
    [string[]] $Arguments = @()
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

if ($Help) {
    Get-Help $PSCommandPath -Full
    exit 0
}

$solution = "$PSScriptRoot/InferenceGuard.sln"
$command = switch ($Task) {
    'restore' { 'restore', $solution }
    'build' { 'build', $solution, '-c', $Configuration }
    'test' { 'test', $solution, '-c', $Configuration }
    'lint' { 'format', $solution, '--verify-no-changes' }
    'bench' { 'run', '-c', $Configuration, '--project', "$PSScriptRoot/benchmarks", '--' }
    'pack' { 'pack', $solution, '-c', $Configuration, '-o', "$PSScriptRoot/artifacts/packages" }
}
$command = @($command) + $Arguments

Write-Host "dotnet $command"
& dotnet @command
exit $LASTEXITCODE
